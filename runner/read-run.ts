/** Loads a run folder into plain data for reports, finished or not, and never changes it. */
import { readFile, stat } from 'node:fs/promises';
import { EvalrunError } from '../errors.js';
import { fingerprintOf } from './fingerprint.js';
import { computeMetrics } from './metrics.js';
import { readSampleLines } from './read-samples.js';
import { readTelemetry } from './read-telemetry.js';
import type { RunRemark, RunReportData } from './report-data.js';
import { runFiles } from './run-folder.js';
import { loadRunRecord } from './run-record.js';
import type { RunMetrics, SuiteMetrics } from './run-summary.js';

/** More than a file that Node reads at once. */
const mostSampleBytes = 2 ** 31 - 1;

/**
 * The run in `folder`. Scores are computed from samples.jsonl, whatever metrics.json says. Throws `run/not-found`, `run/record` for
 * a record that is damaged or of another version, `run/samples` for damage that a crash cannot explain, and `run/read`.
 */
export async function loadRunReport(folder: string): Promise<RunReportData> {
  const files = runFiles(folder);
  const record = await loadRunRecord(files.record);
  const remarks: RunRemark[] = [];
  if (record.fingerprint !== fingerprintOf(record)) remarks.push('record-changed');
  const size = await reading(files.samples, () => sizeOf(files.samples));
  if (size > mostSampleBytes) throw tooLarge(files.samples, size);
  const { lines, validBytes } = await reading(files.samples, () => readSampleLines(files.samples));
  if (validBytes < size) remarks.push('torn-samples');
  const metrics = computeMetrics(record, lines);
  const written = await reading(files.metrics, () => readIfThere(files.metrics));
  if (written !== null && !saysTheSame(written, metrics)) remarks.push('metrics-differ');
  const telemetry = await reading(files.telemetry, () => readTelemetry(files.telemetry));
  if (telemetry !== null && telemetry.unreadableLines > 0) remarks.push('damaged-telemetry');
  const missing = Object.values(metrics.suites).reduce((sum, suite) => sum + suite.missing, 0);
  return { record, metrics, lines, missing, telemetry, remarks };
}

/** Compares the numbers that people quote; other versions of evalrun may have written more or fewer of the others. */
function saysTheSame(text: string, { suites }: RunMetrics): boolean {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return false;
  }
  const written = (stored as { suites?: Record<string, Partial<SuiteMetrics>> } | null)?.suites ?? {};
  return Object.entries(suites).every(([name, { accuracy, n, statuses }]) => {
    const other = written[name];
    const sameStatuses = Object.entries(statuses).every(
      ([status, count]) => other?.statuses?.[status as never] === count,
    );
    return other?.accuracy === accuracy && other.n === n && sameStatuses;
  });
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    // A run that was stopped before its first sample.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** What the system says while `file` is read, as an error for people. */
async function reading<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (cause instanceof EvalrunError || typeof code !== 'string') throw cause;
    throw new EvalrunError('run/read', {
      what: `Cannot read ${file}`,
      expected: 'a file of a run',
      found: code,
      todo: 'check the file and its permissions',
      cause,
    });
  }
}

function tooLarge(file: string, bytes: number): EvalrunError {
  return new EvalrunError('run/read', {
    what: `${file} is too large for one report`,
    expected: 'less than 2 GiB',
    found: `${(bytes / 2 ** 30).toFixed(1)} GiB`,
    todo: 'run fewer suites or samples in one run, or query the file itself',
  });
}
