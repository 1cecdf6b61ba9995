/** Assembles few-shot prompts and drops shots, said aloud, from prompts that the model cannot take. */
import type { ChoiceQuestion, ChoiceRows } from '../datasets/choice-question.js';
import { EvalrunError } from '../errors.js';
import type { ChoiceProtocol } from './choice-protocol.js';

/** Special tokens that a tokenizer may add to a text; one token is otherwise at least one byte. */
const SPECIAL_TOKENS = 4;

export interface PromptBudget {
  /** Prompt tokens of a text, special tokens included. */
  readonly countTokens?: ((text: string) => number) | undefined;
  /** The most prompt tokens that the model takes. */
  readonly maxPromptTokens?: number | undefined;
}

/**
 * The first `count` development questions.
 *
 * @throws EvalrunError `usage/shots` when there are not so many.
 */
export function takeShots(dev: ChoiceRows, count: number, subject: string): readonly ChoiceQuestion[] {
  if (Number.isInteger(count) && count >= 0 && count <= dev.length) return [...dev].slice(0, count);
  throw new EvalrunError('usage/shots', {
    what: `${subject} cannot be asked with ${count} shots`,
    expected: `a whole number from 0 to ${dev.length}, the questions in its development file`,
    found: String(count),
  });
}

/** Header, then each shot with its answer, then the question up to where its answer is read. */
export function renderPrompt(
  protocol: ChoiceProtocol,
  { subject, shots, question }: { subject: string; shots: readonly ChoiceQuestion[]; question: ChoiceQuestion },
): string {
  const rendered = shots.map((shot) => renderShot(protocol, shot)).join('');
  return protocol.header(subject) + rendered + protocol.question(question);
}

/**
 * As many of the shots as fit into the budget.
 *
 * @throws EvalrunError `suite/prompt-too-long` naming the sample when it does not fit even without shots.
 */
export function fitShots(
  protocol: ChoiceProtocol,
  sample: { id: string; subject: string; shots: readonly ChoiceQuestion[]; question: ChoiceQuestion },
  budget: PromptBudget,
): readonly ChoiceQuestion[] {
  const { id, subject, question } = sample;
  if (budget.countTokens === undefined || budget.maxPromptTokens === undefined) return sample.shots;
  for (let shots = sample.shots; ; shots = dropShots(protocol, shots, budget)) {
    const text = renderPrompt(protocol, { subject, shots, question });
    if (fits(text, budget)) return shots;
    if (shots.length === 0) {
      throw new EvalrunError('suite/prompt-too-long', {
        what: `the question of ${id} is too long for the model, even without shots`,
        expected: `at most ${budget.maxPromptTokens} prompt tokens`,
        found: String(budget.countTokens?.(text)),
        todo: 'use a model with a longer context, or leave the subject out with --subjects',
      });
    }
  }
}

function renderShot(protocol: ChoiceProtocol, shot: ChoiceQuestion): string {
  return protocol.question(shot) + protocol.answer(shot.answer) + protocol.separator;
}

function fits(text: string, { countTokens, maxPromptTokens }: PromptBudget): boolean {
  if (countTokens === undefined || maxPromptTokens === undefined) return true;
  // Most prompts are short enough without asking the tokenizer.
  if (Buffer.byteLength(text) + SPECIAL_TOKENS <= maxPromptTokens) return true;
  return countTokens(text) <= maxPromptTokens;
}

function dropShots(
  protocol: ChoiceProtocol,
  shots: readonly ChoiceQuestion[],
  { countTokens }: PromptBudget,
): readonly ChoiceQuestion[] {
  if (protocol.drop === 'last') return shots.slice(0, -1);
  const lengths = shots.map((shot) => countTokens?.(renderShot(protocol, shot)) ?? 0);
  const longest = Math.max(...lengths);
  return shots.filter((_, index) => lengths[index] !== longest);
}
