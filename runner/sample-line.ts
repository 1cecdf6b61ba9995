/** One line of samples.jsonl: what a sample's answer was, and nothing that changes from run to run. */
import { z } from 'zod';
import type { ScoreResult } from '../engine/engine.js';
import type { PlannedSample } from './plan.js';
import { sampleStatuses } from './run-summary.js';

// Key order here is key order in the file: equal runs are equal bytes.
const lineSchema = z.strictObject({
  id: z.string(),
  suite: z.string(),
  group: z.string(),
  repeat: z.int().nonnegative(),
  status: z.enum(sampleStatuses),
  target: z.string(),
  /** Null where there is no answer. */
  answer: z.string().nullable(),
  score: z.number(),
  /** Natural log-probability by label; null for one that is not a finite number. */
  choices: z.record(z.string(), z.number().nullable()),
  /** Best minus second best, nats; null without two finite values. */
  margin: z.number().nullable(),
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  /** Of the prompt's UTF-8 text. */
  prompt_sha256: z.string().length(64),
  /** Why there is no answer; only where there is none. */
  error: z.string().optional(),
});

export type SampleLine = z.infer<typeof lineSchema>;

/**
 * Scores one sample: the label with the highest log-probability, the first of equals. A log-probability that is not a
 * finite number makes the whole sample an `engine_error`: comparing it with the others would invent an answer.
 */
export function scoreSample(sample: PlannedSample, result: ScoreResult): SampleLine {
  // Adding 0 turns -0, which JSON cannot hold, into 0.
  const values = sample.labels.map((label, at): [string, number] => [label, (result.logProbs[at] ?? Number.NaN) + 0]);
  const broken = values.filter(([, value]) => !Number.isFinite(value));
  const ranked = broken.length === 0 ? [...values].sort((a, b) => b[1] - a[1]) : [];
  const answer = ranked[0]?.[0] ?? null;
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
    margin: ranked[0] && ranked[1] ? ranked[0][1] - ranked[1][1] : null,
    prompt_tokens: result.promptTokens,
    completion_tokens: 0,
    prompt_sha256: sample.promptSha256,
    ...(answer === null && { error: `log-probability of ${broken.map(([l, v]) => `${l} is ${v}`).join(', ')}` }),
  };
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
  const parsed = lineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`;
}
