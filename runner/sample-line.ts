/** One line of samples.jsonl: what a sample's answer was, and nothing that changes from run to run. */
import { z } from 'zod';
import type { ScoreResult } from '../engine/engine.js';
import type { PlannedChoice } from './plan-choices.js';
import { sampleStatuses } from './run-summary.js';

// Key order here is key order in the file: equal runs are equal bytes.
const verdictFields = {
  id: z.string(),
  suite: z.string(),
  group: z.string(),
  repeat: z.int().nonnegative(),
  status: z.enum(sampleStatuses),
  target: z.string(),
  /** Null where there is no answer. */
  answer: z.string().nullable(),
  score: z.number(),
};
const promptFields = {
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  /** Of the prompt's UTF-8 text. */
  prompt_sha256: z.string().length(64),
};

const choiceSchema = z.strictObject({
  ...verdictFields,
  /** Natural log-probability by label; null for one that is not a finite number. */
  choices: z.record(z.string(), z.number().nullable()),
  /** Best minus second best, nats; null without two finite values. */
  margin: z.number().nullable(),
  /** Of labels whose log-probability a server did not tell: what it cannot exceed. */
  bounds: z.record(z.string(), z.number()).optional(),
  ...promptFields,
  /** Why there is no answer; only where there is none. */
  error: z.string().optional(),
});

const generativeSchema = z.strictObject({
  ...verdictFields,
  /** What the model thought before its answer, without tags; only where it did. */
  thinking: z.string().optional(),
  /** What the model answered, as it is: scoring again starts from here. */
  output: z.string(),
  /** Why it ended there; `error` where there is no answer. */
  end: z.enum(['stop', 'eos', 'truncated', 'error']),
  /** The rule that found the answer, or the way in which the program was put together. */
  extracted_by: z.string().nullable(),
  /** What decided: the rule of equality, or how the program failed. */
  rule: z.string().nullable(),
  ...promptFields,
  /** Why there is no answer; only where there is none. */
  error: z.string().optional(),
});

/** A line of a suite whose answers are read from log-probabilities. */
export type ChoiceLine = z.infer<typeof choiceSchema>;
/** A line of a suite whose answers are written. */
export type GenerativeLine = z.infer<typeof generativeSchema>;
export type SampleLine = ChoiceLine | GenerativeLine;

export function isGenerative(line: SampleLine): line is GenerativeLine {
  return 'output' in line;
}

export function isChoice(line: SampleLine): line is ChoiceLine {
  return !isGenerative(line);
}

/** A sample's name within a run: several answers to one question have one id. */
export function keyOf({ id, repeat }: { readonly id: string; readonly repeat: number }): string {
  return repeat === 0 ? id : `${id}#${repeat}`;
}

/**
 * Scores one sample: the label with the highest log-probability, the first of equals. A log-probability that is not a
 * finite number makes the whole sample an `engine_error`: comparing it with the others would invent an answer. One that a server
 * did not tell is harmless where its bound is below the best.
 */
export function scoreSample(sample: PlannedChoice, result: ScoreResult): ChoiceLine {
  // Adding 0 turns -0, which JSON cannot hold, into 0.
  const values = sample.labels.map((label, at): [string, number] => [label, (result.logProbs[at] ?? Number.NaN) + 0]);
  const bounds = boundsOf(sample, result);
  const broken = values.filter(([label, value]) => !Number.isFinite(value) && bounds[label] === undefined);
  const known = values.filter(([, value]) => Number.isFinite(value)).sort((a, b) => b[1] - a[1]);
  const best = known[0]?.[1] ?? Number.NEGATIVE_INFINITY;
  const open = Object.entries(bounds).filter(([, bound]) => bound >= best);
  const ranked = broken.length === 0 && open.length === 0 ? known : [];
  const answer = ranked[0]?.[0] ?? null;
  const missing = Math.max(Number.NEGATIVE_INFINITY, ...Object.values(bounds));
  const correct = answer === sample.target;
  return {
    id: sample.id,
    suite: sample.suite,
    group: sample.group,
    repeat: sample.repeat,
    status: answer === null ? 'engine_error' : correct ? 'correct' : 'wrong',
    target: sample.target,
    answer,
    score: correct ? 1 : 0,
    choices: Object.fromEntries(values.map(([label, value]) => [label, Number.isFinite(value) ? value : null])),
    margin: ranked[0] && ranked[1] && ranked[1][1] >= missing ? ranked[0][1] - ranked[1][1] : null,
    ...(Object.keys(bounds).length > 0 && { bounds }),
    prompt_tokens: result.promptTokens,
    completion_tokens: 0,
    prompt_sha256: sample.promptSha256,
    ...(answer === null && { error: result.error ?? whyUnanswered(broken, open) }),
  };
}

function boundsOf({ labels }: PlannedChoice, { bounds = [] }: ScoreResult): Record<string, number> {
  return Object.fromEntries(
    labels.flatMap((label, at) => (typeof bounds[at] === 'number' ? [[label, bounds[at]] as const] : [])),
  );
}

function whyUnanswered(broken: readonly [string, number][], open: readonly [string, number][]): string {
  if (broken.length > 0) return `log-probability of ${broken.map(([l, v]) => `${l} is ${v}`).join(', ')}`;
  return `undecided: not among the listed tokens are ${open.map(([l, bound]) => `${l}, at most ${bound}`).join('; ')}`;
}

/** One line of JSON with its newline; numbers have the digits that give the same double back. */
export function renderSampleLine(line: SampleLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** A line of text to a SampleLine, or a sentence saying what is wrong with it. */
export function parseSampleLine(text: string): SampleLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const isWritten = typeof value === 'object' && value !== null && 'output' in value;
  const parsed = (isWritten ? generativeSchema : choiceSchema).safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`;
}
