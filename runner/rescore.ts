/** Computes metrics.json again from run.json and samples.jsonl, for a finished run or one that stopped. */
import { writeJson } from './disk.js';
import { lockRun } from './lock.js';
import { computeMetrics } from './metrics.js';
import { loadRun } from './resume.js';
import { readSamples, runFiles } from './run-folder.js';
import type { RunRecord } from './run-record.js';
import type { RunMetrics } from './run-summary.js';

/** Rewrites metrics.json of the run in `folder`. Throws `run/not-found`, `run/samples`, `run/locked`, `run/write`. */
export async function rescoreRun(folder: string): Promise<{ record: RunRecord; metrics: RunMetrics }> {
  const record = await loadRun(folder);
  const files = runFiles(folder);
  const lock = await lockRun(folder);
  try {
    const { lines } = await readSamples(files.samples);
    const metrics = computeMetrics(
      record,
      [...lines.values()].map(({ line }) => line),
    );
    await writeJson(files.metrics, metrics);
    return { record, metrics };
  } finally {
    await lock.release();
  }
}
