/** The wording of a multiple-choice benchmark under one protocol: header, question, answer, and how scores average. */
import type { ChoiceQuestion } from '../datasets/choice-question.js';

export const LABELS = ['A', 'B', 'C', 'D'] as const;

export interface ChoiceProtocol {
  /** Text before the first shot, blank line included. */
  readonly header: (subject: string) => string;
  /** A question up to where its answer is read. */
  readonly question: (question: ChoiceQuestion) => string;
  /** What follows the question if `label` is the answer; shots and scored continuations use the same text. */
  readonly answer: (label: string) => string;
  /** Between a shot's answer and the next question. */
  readonly separator: string;
  readonly average: 'micro' | 'macro';
  /** Which shots go first when a prompt is too long. */
  readonly drop: 'last' | 'longest';
  /** What a reader of the score must know, each one sentence. */
  readonly notes: readonly string[];
}

/** `{question}⏎A. {a}⏎B. {b}⏎C. {c}⏎D. {d}⏎{cue}`, the layout that all three benchmarks share. */
export function lettered(question: string, options: ChoiceQuestion['options'], cue: string): string {
  return `${question}${LABELS.map((label, index) => `\n${label}. ${options[index]}`).join('')}\n${cue}`;
}

/** The label -> continuation map that the engine scores. */
export function continuationsOf(protocol: ChoiceProtocol): Readonly<Record<string, string>> {
  return Object.fromEntries(LABELS.map((label) => [label, protocol.answer(label)]));
}

/**
 * Python's `str.strip()`, as lm-eval's templates call it: it takes U+001C to U+001F and U+0085, which `trim` leaves,
 * and leaves U+FEFF, which `trim` takes.
 */
export function pythonStrip(text: string): string {
  return text.replace(new RegExp(`^${PYTHON_SPACE}`, 'u'), '').replace(new RegExp(`${PYTHON_SPACE}$`, 'u'), '');
}

const PYTHON_SPACE =
  '[\\t-\\r\\u001c-\\u001f\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*';
