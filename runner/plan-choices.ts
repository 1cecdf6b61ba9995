/** Questions of multiple choice as the engine will see them: token ids of the prompt and of each answer letter. */
import { createHash } from 'node:crypto';
import type { ScoreRequest, Tokenizer } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import type { ChoicePlan, ChoiceSample } from '../suites/suite.js';
import { letterTokens } from '../suites/token-boundary.js';
import { stopIfAborted } from './interruption.js';

/** A sample as the engine will see it. Its text is gone: a run holds ids, not tens of thousands of long prompts. */
export interface PlannedChoice {
  readonly id: string;
  readonly suite: string;
  readonly group: string;
  readonly repeat: number;
  readonly target: string;
  /** Labels of the answers, in the order of `request.continuations`. */
  readonly labels: readonly string[];
  /** SHA-256 of the prompt's UTF-8 text, hex. */
  readonly promptSha256: string;
  readonly request: ScoreRequest;
}

/** Samples tokenised between two looks at what else happens, such as Ctrl-C. */
export const breath = 256;

/** Throws `tokenizer/letter-boundary` when an answer is not one token of its own after the prompt. */
export async function planChoices(
  plan: ChoicePlan,
  { tokenizer, signal }: { readonly tokenizer: Tokenizer; readonly signal?: AbortSignal | undefined },
): Promise<PlannedChoice[]> {
  const letters = letterTokens(plan, tokenizer);
  const samples: PlannedChoice[] = [];
  for (const sample of plan.samples) {
    if (samples.length % breath === 0) await new Promise((resolve) => setImmediate(resolve));
    stopIfAborted(signal);
    samples.push(tokenizeSample(sample, letters, tokenizer));
  }
  return samples;
}

/** What a prompt asks, for the hash over all prompts of a suite. */
export function promptIdentity({ id, promptSha256, target, labels, request }: PlannedChoice): string {
  return JSON.stringify([id, promptSha256, target, labels, request.continuations]);
}

function tokenizeSample(
  sample: ChoiceSample,
  letters: Readonly<Record<string, number>>,
  tokenizer: Tokenizer,
): PlannedChoice {
  const labels = Object.keys(sample.continuations);
  const continuations = labels.flatMap((label) => (letters[label] === undefined ? [] : [[letters[label]]]));
  if (!labels.includes(sample.target) || continuations.length !== labels.length) {
    throw new EvalrunError('internal/labels', {
      what: `The answers of ${sample.id} do not match its key or its tokens`,
    });
  }
  return {
    id: sample.id,
    suite: sample.suite,
    group: sample.group,
    repeat: sample.repeat,
    target: sample.target,
    labels,
    promptSha256: createHash('sha256').update(sample.context, 'utf8').digest('hex'),
    request: {
      id: sample.id,
      group: `${sample.suite}/${sample.group}`,
      context: tokenizer.encode(sample.context),
      continuations,
    },
  };
}
