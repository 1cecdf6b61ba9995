/** `evalrun bench [MODEL]`: how fast this machine is, and which share of what it could do. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Command, Option } from 'commander';
import { runBenchmark } from '../engine/benchmark/run-benchmark.js';
import { listShapes, syntheticShape } from '../engine/benchmark/shapes.js';
import { writeSyntheticCheckpoint } from '../engine/benchmark/synthetic-checkpoint.js';
import { EvalrunError } from '../errors.js';
import { type Language, languages } from '../reports/text.js';
import { writeBenchmark } from './bench-files.js';
import { renderBenchmark } from './bench-report.js';
import { addEngineFlags, type EngineFlags, engineOptions, positiveInteger } from './engine-options.js';
import { listenForInterrupt } from './interrupt.js';
import { cachedModelFolder } from './model-folder.js';
import type { CliParts } from './parts.js';

interface BenchFlags extends EngineFlags {
  readonly synthetic?: string;
  readonly layers?: number;
  readonly lengths: readonly number[];
  readonly batches: readonly number[];
  readonly context: number;
  readonly decode: number;
  readonly repeats: number;
  readonly out?: string;
  readonly lang: Language;
  readonly json?: boolean;
}

export function benchCommand(parts: CliParts): Command {
  const shapes = listShapes().map(({ name }) => name);
  const command = new Command('bench')
    .description(
      'Measures the limits of the processor or the GPU, then prompts and decoding of a model, each with its share of the limit. Run it on a machine that does nothing else.',
    )
    .argument('[model]', 'model folder, or org/name of a pulled model; default the model in the box')
    .option('--synthetic <shape>', `random weights of a published shape instead: ${shapes.join(', ')}`)
    .option('--layers <n>', 'layers of the synthetic shape', positiveInteger);
  return addEngineFlags(command)
    .option('--lengths <tokens>', 'prompt lengths, with commas', counts, [128, 512, 2048])
    .option('--batches <n>', 'sequences decoding at once, with commas', counts, [1, 4, 16])
    .option('--context <tokens>', 'tokens before decoding begins', positiveInteger, 256)
    .option('--decode <tokens>', 'tokens that each sequence decodes', positiveInteger, 32)
    .option('--repeats <n>', 'of every measurement, after a warm-up', positiveInteger, 5)
    .option('-o, --out <folder>', 'write bench.json, bench.html and its charts as PNG there')
    .addOption(new Option('--lang <language>', 'language of the page and the charts').choices(languages).default('en'))
    .option('--json', 'one JSON object on stdout')
    .action((model: string | undefined, flags: BenchFlags) => bench(model, flags, parts));
}

async function bench(model: string | undefined, flags: BenchFlags, parts: CliParts): Promise<void> {
  const interrupt = listenForInterrupt(() => process.stderr.write('Stopping.\n'));
  const scratch = flags.synthetic === undefined ? undefined : mkdtempSync(path.join(os.tmpdir(), 'evalrun-bench-'));
  try {
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const result = await runBenchmark({
      ...flags,
      engine: engineOptions(
        scratch === undefined ? await folderOf(model, flags, parts) : synthetic(scratch, model, flags),
        flags,
      ),
      contextTokens: flags.context,
      decodeTokens: flags.decode,
      signal: interrupt.signal,
      onProgress: say,
    });
    const named = flags.synthetic === undefined ? result : { ...result, model: `${flags.synthetic} (random weights)` };
    process.stdout.write(flags.json ? `${JSON.stringify(named)}\n` : renderBenchmark(named));
    if (flags.out === undefined) return;
    await writeBenchmark(named, { folder: flags.out, language: flags.lang, onWritten: say });
  } catch (error) {
    if (interrupt.signal.aborted) throw new EvalrunError('run/interrupted', { what: 'Interrupted', cause: error });
    throw error;
  } finally {
    interrupt.release();
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
}

function folderOf(model: string | undefined, { dtype }: BenchFlags, parts: CliParts): Promise<string> {
  return model === undefined ? parts.defaultModel({ ...(dtype && { dtype }) }) : cachedModelFolder(model, 'weights');
}

function synthetic(folder: string, model: string | undefined, { synthetic: name = '', layers }: BenchFlags): string {
  if (model !== undefined) {
    throw new EvalrunError('usage/bench', { what: 'A model and --synthetic are both named', todo: 'leave one out' });
  }
  writeSyntheticCheckpoint(folder, syntheticShape(name, layers).config);
  return folder;
}

function counts(text: string): number[] {
  return text.split(',').map(positiveInteger);
}
