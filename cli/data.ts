/** `evalrun data list|pull|verify|import`: the published datasets on this machine. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { writableDataDir } from '../datasets/data-directory.js';
import { importDataset } from '../datasets/import.js';
import { type DatasetEntry, datasetEntry, loadManifest } from '../datasets/manifest.js';
import { proxyAgent } from '../datasets/network.js';
import { type PullProgress, type PullResult, pullDataset } from '../datasets/pull.js';
import { datasetStatus } from '../datasets/status.js';
import { renderDeviation, verifyDataset } from '../datasets/verify.js';
import { EvalrunError } from '../errors.js';

interface CommonOptions {
  readonly data?: string;
  readonly json?: boolean;
}

interface ImportFlags extends CommonOptions {
  readonly allowModifiedData?: boolean;
}

const DATA_HELP = 'data directory (default: EVALRUN_DATA, else ~/.cache/evalrun/datasets)';

/** The `data` command with its four subcommands, to be added to the program. */
export function dataCommand(): Command {
  const data = new Command('data').description('list, download, check and import the published datasets');
  const common = (command: Command) =>
    command.option('--data <dir>', DATA_HELP).option('--json', 'print one JSON object');
  common(data.command('list').description('known datasets, their licences, and what is installed')).action(list);
  common(data.command('pull').description('download, check and install datasets; goes on where it stopped'))
    .argument('<dataset...>', 'dataset ids, or "all"')
    .action(pull);
  common(data.command('verify').description('name every difference from the published files; exit 3 if there is any'))
    .argument('[dataset...]', 'dataset ids (default: those installed)')
    .action(verify);
  common(data.command('import').description('check and copy a dataset that you already have'))
    .argument('<dataset>', 'dataset id')
    .argument('<from>', 'a folder that holds the files anywhere below it, or a .zip or .tar of them')
    .option('--allow-modified-data', 'take files that differ from the published ones')
    .action(importOne);
  return data;
}

function list(options: CommonOptions): void {
  const root = writableDataDir({ dataDir: options.data });
  const datasets = loadManifest().datasets.map((entry) => datasetStatus(entry, root));
  if (options.json) {
    printJson({ data: root, datasets });
    return;
  }
  const table = new Table({
    head: ['dataset', 'questions', 'installed', 'in the box', 'download', 'licence'],
    style: { head: [], border: [] },
  });
  for (const { id, questions, installed, embedded, embeddedSubjects, downloadBytes, licence } of datasets) {
    const inBox = embeddedSubjects.length > 0 ? `${embeddedSubjects.length} subjects` : embedded ? 'yes' : 'no';
    table.push([id, questions, installed, inBox, megabytes(downloadBytes), licence]);
  }
  process.stdout.write(`${table.toString()}\ndata directory: ${root}\n`);
}

async function pull(ids: readonly string[], options: CommonOptions): Promise<void> {
  const root = writableDataDir({ dataDir: options.data });
  const dispatcher = proxyAgent();
  const pulled: PullResult[] = [];
  try {
    for (const entry of entriesOf(ids)) {
      process.stderr.write(`${entry.id}: ${entry.title}, licence ${entry.licence}, ${entry.homepage}\n`);
      const onProgress = progressLine(entry.id);
      const result = await pullDataset(entry, { root, dispatcher, ...(onProgress ? { onProgress } : {}) }).finally(
        () => {
          if (onProgress) process.stderr.write('\r\u001b[K');
        },
      );
      pulled.push(result);
      const kept = result.kept === undefined ? '' : `; the folder that was there is now ${result.kept}`;
      if (!options.json)
        process.stdout.write(`${result.id}: ${result.status}, ${result.files} files in ${result.folder}${kept}\n`);
    }
  } finally {
    await dispatcher.close();
  }
  if (options.json) printJson({ data: root, datasets: pulled });
}

function verify(ids: readonly string[], options: CommonOptions): void {
  const root = writableDataDir({ dataDir: options.data });
  const installed = loadManifest().datasets.filter((entry) => existsSync(path.join(root, entry.id)));
  const entries = ids.length > 0 ? entriesOf(ids) : installed;
  if (entries.length === 0) {
    throw new EvalrunError('dataset/not-installed', {
      what: `no dataset is installed in ${root}`,
      todo: 'run "evalrun data pull all", or name another folder with --data',
    });
  }
  const datasets = entries.map((entry) => ({
    id: entry.id,
    deviations: verifyDataset(entry, path.join(root, entry.id)),
  }));
  if (datasets.some(({ deviations }) => deviations.length > 0)) process.exitCode = 3;
  if (options.json) {
    printJson({ data: root, datasets });
    return;
  }
  for (const { id, deviations } of datasets) {
    for (const deviation of deviations) process.stdout.write(`${renderDeviation(deviation)}\n`);
    const files = datasetEntry(id).files.length;
    process.stdout.write(
      deviations.length === 0
        ? `${id}: ${files} files, all as published\n`
        : `${id}: ${deviations.length} differences\n`,
    );
  }
}

async function importOne(id: string, from: string, options: ImportFlags): Promise<void> {
  const root = writableDataDir({ dataDir: options.data });
  const allowModified = options.allowModifiedData ?? false;
  const result = await importDataset(datasetEntry(id), { root, from: path.resolve(from), allowModified });
  if (options.json) {
    printJson(result);
    return;
  }
  for (const deviation of result.deviations) process.stdout.write(`${renderDeviation(deviation)}\n`);
  const kept = result.kept === undefined ? '' : `; the folder that was there is now ${result.kept}`;
  process.stdout.write(
    `${id}: ${result.files} files in ${result.folder}, ${result.deviations.length} differences${kept}\n`,
  );
}

function entriesOf(ids: readonly string[]): DatasetEntry[] {
  return ids.includes('all') ? loadManifest().datasets : [...new Set(ids)].map((id) => datasetEntry(id));
}

/** Rewrites one line on a terminal; undefined where there is none. */
function progressLine(id: string): ((progress: PullProgress) => void) | undefined {
  if (!process.stderr.isTTY) return undefined;
  const started = Date.now();
  let shownAt = 0;
  return ({ receivedBytes, totalBytes }) => {
    const now = Date.now();
    if (now - shownAt < 100) return;
    shownAt = now;
    const bytesPerSecond = receivedBytes / Math.max(0.001, (now - started) / 1000);
    const left = Math.ceil((totalBytes - receivedBytes) / Math.max(1, bytesPerSecond));
    const rate = `${megabytes(bytesPerSecond)}/s, ${left} s left`;
    process.stderr.write(`\r${id}: ${megabytes(receivedBytes)} of ${megabytes(totalBytes)}, ${rate}\u001b[K`);
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
