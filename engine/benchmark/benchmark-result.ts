/** What a measurement found, as plain data: bench.json. */
import type { DType } from '../engine.js';
import type { MachineLimits } from '../native.js';
import type { DecodePoint, PrefillPoint } from './measure.js';

/** Rates are per second; see the types of their parts for units. */
export interface BenchmarkResult {
  readonly schema: 1;
  /** UTC, ISO 8601. */
  readonly created: string;
  readonly model: string;
  readonly random: boolean;
  readonly weightFingerprint: string;
  readonly dtype: DType;
  readonly device: string;
  readonly threads: number;
  readonly cpu: string;
  readonly kernels: Readonly<Record<string, string>>;
  /** Of the device that computed. */
  readonly limits: MachineLimits;
  /** Opening the checkpoint until it may be asked: one time, with what the file cache held. */
  readonly loadSeconds: number;
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly workspaceBytes: number;
  /** The most that the process ever had, Node.js included. */
  readonly peakResidentBytes: number;
  readonly prefill: readonly PrefillPoint[];
  readonly decode: readonly DecodePoint[];
}

/** Operations per second of products in this precision on this device. */
export function arithmeticLimit({ dtype, limits }: BenchmarkResult): number {
  return dtype === 'f32' || limits.bf16Flops === 0 ? limits.f32Flops : limits.bf16Flops;
}
