/** A finished or unfinished run as a comparison needs it: its record and what became of each sample. */
import { createHash } from 'node:crypto';
import { EvalrunError } from '../../errors.js';
import { damaged } from '../read-samples.js';
import { loadRun } from '../resume.js';
import { runFiles } from '../run-folder.js';
import type { RunRecord, ShardRecord } from '../run-record.js';
import type { SampleStatus } from '../run-summary.js';
import { isChoice, keyOf, parseSampleLine, type SampleLine } from '../sample-line.js';
import { isRegularFile, readLines } from '../stored-lines.js';

/** A line of samples.jsonl without its texts, so that runs of any size fit into memory. */
export interface StoredSample {
  /** keyOf of the line. */
  readonly key: string;
  readonly id: string;
  readonly group: string;
  readonly status: SampleStatus;
  readonly target: string;
  readonly answer: string | null;
  readonly promptSha256: string;
  /** Log-probabilities by label; null where answers are written. */
  readonly choices: Readonly<Record<string, number | null>> | null;
  readonly margin: number | null;
  /** SHA-256 of the whole line: equal lines are equal bytes. */
  readonly sha256: string;
}

export interface StoredRun {
  readonly folder: string;
  readonly record: RunRecord;
  /** Suite -> keyOf -> sample. */
  readonly samples: ReadonlyMap<string, ReadonlyMap<string, StoredSample>>;
  readonly telemetry: string;
}

/** An answer is shown, not stored: what is longer is cut. */
const longestAnswer = 200;

/**
 * Reads a run without changing anything in it. A torn last line is left out, as on resume. Throws `run/not-found`, `run/record`
 * (damaged, changed, or from another version), `run/shard` for a part of a run, `run/samples` for a damaged line, and `run/read`.
 */
export async function loadStoredRun(folder: string): Promise<StoredRun> {
  const files = runFiles(folder);
  // A pipe or a device under this name would be read for ever.
  await isRegularFile(files.record);
  const record = await loadRun(folder);
  if (record.shard !== undefined) throw partOfRun(folder, record.shard);
  const samples = new Map(record.suites.map(({ suite }) => [suite, new Map<string, StoredSample>()]));
  let broken: { number: number; defect: string } | undefined;
  for await (const { number, text, isWhole } of readLines(files.samples)) {
    // Only a last line can be torn.
    if (broken !== undefined) throw damaged(files.samples, broken.number, broken.defect);
    const line = isWhole ? parseSampleLine(text) : 'no end of line';
    if (typeof line === 'string') {
      broken = { number, defect: line };
      continue;
    }
    const suite = samples.get(line.suite);
    if (suite === undefined)
      throw damaged(files.samples, number, `suite "${line.suite}", which run.json does not have`);
    const sample = toStored(line, text);
    const known = suite.get(sample.key);
    if (known !== undefined && known.sha256 !== sample.sha256) {
      throw damaged(files.samples, number, `a second result for ${sample.key}`);
    }
    suite.set(sample.key, sample);
  }
  return { folder, record, samples, telemetry: files.telemetry };
}

function toStored(line: SampleLine, text: string): StoredSample {
  const { id, group, status, target, answer } = line;
  return {
    key: keyOf(line),
    id,
    group,
    status,
    target: short(target),
    answer: answer === null ? null : short(answer),
    promptSha256: line.prompt_sha256,
    choices: isChoice(line) ? line.choices : null,
    margin: isChoice(line) ? line.margin : null,
    sha256: createHash('sha256').update(text).digest('base64'),
  };
}

function partOfRun(folder: string, { index, count }: ShardRecord): EvalrunError {
  return new EvalrunError('run/shard', {
    what: `${folder} is shard ${index}/${count} of a run, and a part says nothing about the whole`,
    expected: 'a whole run',
    todo: 'put the shards together with "evalrun merge"',
  });
}

/** Its beginning, and a hash so that different texts stay different. */
function short(text: string): string {
  if (text.length <= longestAnswer) return text;
  return `${text.slice(0, longestAnswer)}... (${createHash('sha256').update(text).digest('hex').slice(0, 8)})`;
}
