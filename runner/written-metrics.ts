/** What written answers show besides their scores: how they ended, which rules found them, whether they mean anything. */
import type { GenerationRecord } from './run-record.js';
import type { SuiteMetrics, WrittenMetrics } from './run-summary.js';
import type { ScoredWriting } from './scored-line.js';

export function writtenMetrics(
  lines: readonly ScoredWriting[],
  { samples, max_tokens: maxTokens }: GenerationRecord,
): Pick<SuiteMetrics, 'written' | 'invalid'> {
  const ends = { stop: 0, eos: 0, truncated: 0 };
  for (const { end } of lines) if (end !== 'error') ends[end] += 1;
  const written: WrittenMetrics = {
    samples,
    extracted_by: countValues(lines.map((line) => line.extracted_by)),
    rules: countValues(lines.map((line) => line.rule)),
    completion_tokens: lines.reduce((sum, line) => sum + line.completion_tokens, 0),
    ends,
  };
  const invalid = whyInvalid(lines, maxTokens);
  return { written, ...(invalid !== undefined && { invalid }) };
}

/** Why the score of written answers means nothing; undefined where it means something. */
export function whyInvalid(lines: readonly Pick<ScoredWriting, 'status'>[], maxTokens: number): string | undefined {
  if (lines.length === 0) return undefined;
  if (lines.every((line) => line.status === 'truncated')) {
    return `every answer was cut off (at most ${maxTokens} tokens each), so nothing was measured: raise --max-tokens`;
  }
  if (lines.every((line) => line.status === 'engine_error')) return 'the engine failed at every question';
  if (lines.every((line) => line.status === 'sandbox_error')) return 'the sandbox failed for every program';
  return undefined;
}

/** Sorted by name, so that equal runs are equal bytes. */
function countValues(values: readonly (string | null)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values.filter((value) => value !== null).sort()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
