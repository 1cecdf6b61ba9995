/** Puts the shards of a run together: one run folder with the samples.jsonl that an unsharded run would have written. */
import { readFile, stat } from 'node:fs/promises';
import { EvalrunError } from '../errors.js';
import { writeAtomically, writeJson } from './disk.js';
import { differencesOf, fingerprintOf, renderDifferences } from './fingerprint.js';
import { computeMetrics } from './metrics.js';
import { readSamples } from './read-samples.js';
import { loadRun } from './resume.js';
import { createRunFolder, runFiles, runId } from './run-folder.js';
import type { RunRecord, ShardRecord } from './run-record.js';
import type { RunMetrics } from './run-summary.js';
import type { SampleLine } from './sample-line.js';
import { renderShard } from './shard.js';

export interface MergedRun {
  readonly folder: string;
  readonly record: RunRecord;
  readonly metrics: RunMetrics;
}

interface ShardRun {
  readonly folder: string;
  readonly record: RunRecord;
  readonly shard: ShardRecord;
}

interface StoredLine {
  readonly line: SampleLine;
  readonly text: string;
}

/**
 * Merges finished shards into a new run folder below `out`; the shards stay as they are. samples.jsonl is byte for byte that of a run
 * without shards.
 *
 * Throws `run/not-a-shard`, `run/merge` for a shard that is missing, there twice, unfinished or of another run (naming what differs),
 * and what reading and writing throw.
 */
export async function mergeRuns(folders: readonly string[], { out = 'runs' } = {}): Promise<MergedRun> {
  const shards = (await Promise.all(folders.map(loadShard))).sort((a, b) => a.shard.index - b.shard.index);
  const record = mergedRecord(shards);
  checkComplete(shards);
  const lines = await placeLines(record, shards);
  const metrics = computeMetrics(
    record,
    lines.map(({ line }) => line),
  );
  const folder = await createRunFolder(out, record.id);
  const files = runFiles(folder);
  await writeJson(files.record, record);
  await writeAtomically(files.samples, lines.map(({ text }) => text).join(''));
  await joinTelemetry(files.telemetry, shards);
  await writeJson(files.metrics, metrics);
  return { folder, record, metrics };
}

async function loadShard(folder: string): Promise<ShardRun> {
  const record = await loadRun(folder);
  if (record.shard !== undefined) return { folder, record, shard: record.shard };
  throw new EvalrunError('run/not-a-shard', {
    what: `${folder} is a whole run`,
    expected: 'runs that were made with --shard',
    todo: 'leave it out',
  });
}

/** What a run without shards would have recorded. Throws `run/merge` unless all shards agree on it. */
function mergedRecord(shards: readonly ShardRun[]): RunRecord {
  const wholes = shards.map(({ record: { shard, ...record } }) => ({
    ...record,
    settings: withoutShard(record.settings),
    suites: shard?.suites ?? record.suites,
  }));
  const [first] = wholes;
  if (first === undefined) {
    throw new EvalrunError('usage/merge', {
      what: 'No runs to merge are named',
      todo: 'name the folders of all shards',
    });
  }
  wholes.forEach((whole, i) => {
    if (fingerprintOf(whole) === fingerprintOf(first)) return;
    const [a, b] = [shards[0]?.folder, shards[i]?.folder];
    const differences = renderDifferences(differencesOf(first, whole));
    throw refusal(`${a} and ${b} are not shards of the same run (${differences})`, 'run them with the same settings');
  });
  const created = wholes.map((whole) => whole.created).sort()[0] ?? first.created;
  return {
    ...first,
    id: runId(new Date(created), first.settings.suites, first.model.name),
    created,
    merged_from: shards.map(({ record }) => record.id),
    fingerprint: fingerprintOf(first),
  };
}

function withoutShard({ shard: _, ...settings }: RunRecord['settings']): RunRecord['settings'] {
  return settings;
}

function checkComplete(shards: readonly ShardRun[]): void {
  const count = shards[0]?.shard.count ?? 0;
  const of = new Map<number, string>();
  for (const { folder, shard } of shards) {
    if (shard.count !== count) {
      throw refusal(`${folder} is shard ${renderShard(shard)}, others are of ${count}`, 'merge shards of one division');
    }
    const other = of.get(shard.index);
    if (other !== undefined)
      throw refusal(`${other} and ${folder} are both shard ${renderShard(shard)}`, 'leave one out');
    of.set(shard.index, folder);
  }
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((index) => !of.has(index));
  if (missing.length > 0)
    throw refusal(`Of ${count} shards ${missing.join(', ')} are missing`, 'name the runs of all shards');
}

/** Every line at its place in the whole plan, suite after suite. */
async function placeLines(record: RunRecord, shards: readonly ShardRun[]): Promise<StoredLine[]> {
  const stored = await Promise.all(shards.map(linesBySuite));
  return record.suites.flatMap(({ suite, groups }) => {
    const placed = new Array<StoredLine | undefined>(Object.values(groups).reduce((sum, n) => sum + n, 0));
    shards.forEach(({ folder, shard }, i) => {
      const lines = stored[i]?.get(suite) ?? [];
      const places = (shard.places[suite] ?? []).flatMap(([first, n]) =>
        Array.from({ length: n }, (_, k) => first + k),
      );
      if (lines.length !== places.length) {
        const todo = `finish it with: evalrun --resume ${folder}`;
        throw refusal(`${folder} has ${lines.length} of its ${places.length} samples of ${suite}`, todo);
      }
      places.forEach((place, k) => {
        if (place >= placed.length || placed[place] !== undefined) {
          throw refusal(`${folder} has a sample of ${suite} that another shard has as well`, 'run the shards again');
        }
        placed[place] = lines[k];
      });
    });
    return placed.map((line) => line ?? gap(suite));
  });
}

function gap(suite: string): never {
  throw refusal(`No shard has all the samples of ${suite}`, 'run the shards again');
}

/** Lines of a shard in their order, which is that of the plan once metrics.json is there. */
async function linesBySuite({ folder }: ShardRun): Promise<Map<string, StoredLine[]>> {
  const files = runFiles(folder);
  const isDone = await stat(files.metrics).then(
    () => true,
    () => false,
  );
  if (!isDone) throw refusal(`${folder} is not finished`, `finish it with: evalrun --resume ${folder}`);
  const bySuite = new Map<string, StoredLine[]>();
  for (const stored of (await readSamples(files.samples)).lines.values()) {
    const lines = bySuite.get(stored.line.suite) ?? [];
    lines.push(stored);
    bySuite.set(stored.line.suite, lines);
  }
  return bySuite;
}

/** Lines of all shards, each naming its own: their seconds count from different beginnings. */
async function joinTelemetry(file: string, shards: readonly ShardRun[]): Promise<void> {
  const texts = await Promise.all(
    shards.map(async ({ folder, shard }) => {
      const text = await readFile(runFiles(folder).telemetry, 'utf8').catch(() => '');
      // A run that was killed may have left half a line.
      const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
      return lines.map((line) => `{"shard":${shard.index},${line.slice(1)}\n`).join('');
    }),
  );
  await writeAtomically(file, texts.join(''));
}

function refusal(what: string, todo: string): EvalrunError {
  return new EvalrunError('run/merge', { what, todo });
}
