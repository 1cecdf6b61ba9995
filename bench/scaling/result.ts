/** bench/results/scaling.json: what was measured along each axis. */
import type { Spread } from '../../engine/benchmark/spread.js';

export interface ScalingPoint {
  /** Parameters, tokens, questions or threads. */
  readonly size: number;
  /** Name of a line -> tokens per second; questions per second along the axis of questions. */
  readonly rates: Readonly<Record<string, Spread>>;
  /** The most that the process ever had, Node.js included. */
  readonly peakResidentBytes: number;
}

export type AxisId = 'model-size' | 'prompt-length' | 'shared-prefix' | 'questions' | 'threads';

export interface ScalingResult {
  readonly schema: 1;
  /** UTC, ISO 8601. */
  readonly created: string;
  readonly cpu: string;
  readonly threads: number;
  readonly dtype: 'bf16';
  readonly repeats: number;
  /** Of the model that all axes but the first and the questions use. */
  readonly parameters: number;
  /** Of the model that is asked the questions. */
  readonly smallParameters: number;
  readonly axes: Readonly<Partial<Record<AxisId, readonly ScalingPoint[]>>>;
  /** Whether time was up before all points were measured. */
  readonly cut: boolean;
}
