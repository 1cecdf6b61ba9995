/** What becomes of one sample: its line in samples.jsonl and what it cost. */
import type { SampleLine } from './sample-line.js';

export interface SampleCost {
  readonly promptTokens: number;
  /** Prompt tokens that another sample's computation already had. */
  readonly sharedTokens: number;
  readonly completionTokens: number;
  /** What running a program took and said; only where one was run. Differs from run to run. */
  readonly sandbox?: Readonly<Record<string, string | number | null>>;
}

export interface Outcome {
  readonly line: SampleLine;
  readonly cost: SampleCost;
}
