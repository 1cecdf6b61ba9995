/** `evalrun models list|pull`: the models on this machine, and those of the Hugging Face hub. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { type CachedModel, listCached } from '../models/hub/cached-models.js';
import { renderDownloadSize } from '../models/hub/download-size.js';
import { hubSettings } from '../models/hub/hub-settings.js';
import { requireModelName } from '../models/hub/model-name.js';
import type { PulledModel } from '../models/hub/pull-model.js';
import { listenForInterrupt } from './interrupt.js';
import type { CliParts } from './parts.js';
import { ProgressLine } from './progress-line.js';
import { pullShown } from './pull-shown.js';

interface PullFlags {
  readonly revision?: string;
  readonly json?: boolean;
}

/** The `models` command with its two subcommands. */
export function modelsCommand(parts: CliParts): Command {
  const models = new Command('models').description(
    "models on this machine: in the box and in the cache of Hugging Face's tools (HF_HOME, HF_HUB_CACHE)",
  );
  models
    .command('list')
    .description('models in the cache, their sizes, and whether they are complete; and the model in the box')
    .option('--json', 'print one JSON object')
    .action((flags: { json?: boolean }) => list(parts, flags));
  models
    .command('pull')
    .description('download models in safetensors format and check every byte; goes on where it stopped')
    .argument('<model...>', 'org/name, or org/name@revision')
    .option('--revision <revision>', 'branch, tag or commit (default: main)')
    .option('--json', 'print one JSON object')
    .action(pull);
  return models;
}

async function pull(models: readonly string[], { revision, json }: PullFlags): Promise<void> {
  const names = models.map((model) => requireModelName(model, revision));
  const progress = new ProgressLine(process.stderr, { term: process.env.TERM });
  const interrupt = listenForInterrupt(() => progress.print('Stopping; once more to stop at once.'));
  const pulled: PulledModel[] = [];
  try {
    for (const name of names) {
      const result = await pullShown(name, { progress, signal: interrupt.signal });
      pulled.push(result);
      if (!json) process.stdout.write(`${renderPulled(result)}\n`);
    }
  } finally {
    interrupt.release();
  }
  if (json) process.stdout.write(`${JSON.stringify({ cache: hubSettings().cache, models: pulled })}\n`);
}

function renderPulled({ model, commit, folder, files, bytes, fetchedBytes }: PulledModel): string {
  const fetched = fetchedBytes === 0 ? 'all there before' : `${renderDownloadSize(fetchedBytes)} fetched`;
  return `${model}: commit ${commit.slice(0, 12)}, ${files} files, ${renderDownloadSize(bytes)}, ${fetched}, every hash right, in ${folder}`;
}

async function list(parts: CliParts, { json }: { json?: boolean }): Promise<void> {
  const { cache } = hubSettings();
  const models = listCached(cache);
  const folder = await parts.defaultModel();
  const inTheBox = { model: path.basename(folder), folder, bytes: bytesOf(folder) };
  if (json) {
    process.stdout.write(`${JSON.stringify({ cache, models, inTheBox })}\n`);
    return;
  }
  const table = new Table({ head: ['model', 'revision', 'size', 'state'], style: { head: [], border: [] } });
  table.push([inTheBox.model, '', renderDownloadSize(inTheBox.bytes), 'in the box; used when no model is named']);
  for (const model of models)
    table.push([model.model, renderRevision(model), renderDownloadSize(model.bytes), renderState(model)]);
  process.stdout.write(`${table.toString()}\ncache: ${cache}\n`);
}

function renderRevision({ commit, refs }: CachedModel): string {
  return [...refs, ...(commit === null ? [] : [commit.slice(0, 12)])].join(', ');
}

function renderState({ complete, missing }: CachedModel): string {
  if (complete) return 'complete';
  const more = missing.length > 2 ? ` and ${missing.length - 2} more` : '';
  return `lacks ${missing.slice(0, 2).join(', ')}${more}`;
}

function bytesOf(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => statSync(path.join(folder, name))).filter((found) => found.isFile());
  return files.reduce((sum, { size }) => sum + size, 0);
}
