/** What is known here: finished runs with what they cost, the shape of a model, the price of a GPU hour. */
import { readFile } from 'node:fs/promises';
import type { ArchSpec } from '../../engine/arch-spec.js';
import { computeMetrics } from '../metrics.js';
import { readSampleLines } from '../read-samples.js';
import { loadRun } from '../resume.js';
import { runFiles } from '../run-folder.js';
import type { RunRecord } from '../run-record.js';
import type { RunMetrics } from '../run-summary.js';

/** Sums over telemetry.jsonl. */
export interface RunCost {
  /** Time in the engine's steps. */
  readonly stepSeconds: number;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  readonly weightBytes: number;
  /** Drafts of the multi-token-prediction module; 0 where it did not run. */
  readonly draftedTokens: number;
  readonly acceptedTokens: number;
  /** Per layer, tokens given to each expert; empty where nothing was recorded. */
  readonly experts: readonly (readonly number[])[];
}

export interface EvidenceRun {
  readonly folder: string;
  readonly record: RunRecord;
  readonly metrics: RunMetrics;
  readonly cost: RunCost;
}

export interface Evidence {
  readonly runs: readonly EvidenceRun[];
  /** Whose sizes are computed. */
  readonly shape: { readonly name: string; readonly arch: ArchSpec };
  /** Dollars. */
  readonly gpuHourPrice: number;
  /** That the runs had. */
  readonly gpus: number;
}

/** A run, finished or not, with its metrics computed again. Throws `run/not-found`, `run/record`, `run/samples`. */
export async function loadEvidence(folder: string): Promise<EvidenceRun> {
  const record = await loadRun(folder);
  const files = runFiles(folder);
  const { lines } = await readSampleLines(files.samples);
  const metrics = computeMetrics(record, lines);
  const telemetry = await readFile(files.telemetry, 'utf8').catch(() => '');
  return { folder, record, metrics, cost: sumCost(telemetry) };
}

/** Lines that are not whole, or not of a known kind, are left out. */
export function sumCost(telemetry: string): RunCost {
  const sum = {
    stepSeconds: 0,
    prefillTokens: 0,
    decodeTokens: 0,
    weightBytes: 0,
    draftedTokens: 0,
    acceptedTokens: 0,
  };
  const experts = new Map<number, number[]>();
  for (const line of telemetry.split('\n').map(parseLine)) {
    if (line.type === 'engine') {
      sum.stepSeconds += number(line.step_ms) / 1000;
      sum.prefillTokens += number(line.prefill_tokens);
      sum.decodeTokens += number(line.decode_tokens);
      sum.weightBytes = Math.max(sum.weightBytes, number(line.weight_bytes));
      sum.draftedTokens += number(line.drafted_tokens);
      sum.acceptedTokens += number(line.accepted_tokens);
    }
    if (line.type === 'experts') addLoad(experts, line);
  }
  return { ...sum, experts: [...experts].sort(([a], [b]) => a - b).map(([, counts]) => counts) };
}

export /** By its size, or by its name where a server keeps it. */
function isDeepSeekV3({ record: { model } }: EvidenceRun): boolean {
  if (model.total_parameters > 0) return Math.abs(model.total_parameters / 671.03e9 - 1) < 0.001;
  return /deepseek.?v3/i.test(model.name);
}

type Line = Readonly<Record<string, unknown>>;

function parseLine(text: string): Line {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Line) : {};
  } catch {
    return {};
  }
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function addLoad(experts: Map<number, number[]>, { layers, counts }: Line): void {
  if (!Array.isArray(layers) || !Array.isArray(counts)) return;
  layers.forEach((layer: unknown, at) => {
    const row: unknown = counts[at];
    if (typeof layer !== 'number' || !Array.isArray(row)) return;
    const sums = experts.get(layer) ?? row.map(() => 0);
    row.forEach((value: unknown, expert) => {
      sums[expert] = (sums[expert] ?? 0) + number(value);
    });
    experts.set(layer, sums);
  });
}
