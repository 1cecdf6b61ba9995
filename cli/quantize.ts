/** `evalrun quantize IN OUT`: a checkpoint in DeepSeek's block-scaled FP8 layout, and back. */
import { Command, Option } from 'commander';
import type { WeightStorage } from '../engine/quantize/conversion-plan.js';
import { type ConversionProgress, quantizeCheckpoint } from '../engine/quantize/quantize-checkpoint.js';
import { listenForInterrupt } from './interrupt.js';
import { cachedModelFolder } from './model-folder.js';
import { ProgressLine } from './progress-line.js';
import { renderDuration } from './quantity.js';
import { conversionReport, renderConversion } from './quantize-report.js';

interface QuantizeFlags {
  readonly to?: WeightStorage;
  readonly keep?: readonly string[];
  readonly json?: boolean;
}

export function quantizeCommand(): Command {
  return new Command('quantize')
    .description(
      "convert a checkpoint to DeepSeek's block-scaled FP8 (e4m3, a scale per 128x128 block), or back to BF16",
    )
    .argument('<in>', 'checkpoint folder, or org/name of a pulled model')
    .argument('<out>', 'new folder; made whole or not at all')
    .addOption(
      new Option('--to <storage>', 'default: an FP8 checkpoint to bf16, every other one to fp8').choices([
        'fp8',
        'bf16',
      ]),
    )
    .option(
      '--keep <names>',
      'modules to leave as they are, e.g. kv_b_proj, as "--dtype fp8" does on the input itself',
      (text) => text.split(',').map((name) => name.trim()),
    )
    .option('--json', 'print one JSON object: the error of every tensor')
    .action(runQuantize);
}

async function runQuantize(input: string, output: string, flags: QuantizeFlags): Promise<void> {
  const folder = await cachedModelFolder(input, 'weights');
  const progress = new ProgressLine(process.stderr, { term: process.env.TERM });
  const interrupt = listenForInterrupt(() => progress.print('Stopping and clearing up; once more to stop at once.'));
  const startMs = performance.now();
  const secondsSoFar = () => (performance.now() - startMs) / 1000;
  try {
    const conversion = await quantizeCheckpoint(folder, output, {
      ...(flags.to && { to: flags.to }),
      ...(flags.keep && { keep: flags.keep }),
      signal: interrupt.signal,
      onNotice: (line) => progress.print(line),
      onProgress: (state) => progress.show(() => renderConverting(state, secondsSoFar())),
    });
    progress.clear();
    const report = conversionReport(conversion, secondsSoFar());
    process.stdout.write(`${flags.json ? JSON.stringify(report) : renderConversion(report)}\n`);
  } finally {
    progress.clear();
    interrupt.release();
  }
}

/** `1.2 of 29.3 GB  4.1 %  210.0 MB/s  2 min 10 s left` */
export function renderConverting({ doneBytes, totalBytes }: ConversionProgress, seconds: number): string {
  const [unit, size] = totalBytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  const amount = `${(doneBytes / size).toFixed(1)} of ${(totalBytes / size).toFixed(1)} ${unit}`;
  const parts = [amount, `${((100 * doneBytes) / totalBytes).toFixed(1)} %`];
  if (seconds > 0.5 && doneBytes > 0) {
    const rate = doneBytes / seconds;
    parts.push(`${(rate / 1e6).toFixed(1)} MB/s`, `${renderDuration((totalBytes - doneBytes) / rate)} left`);
  }
  return parts.join('  ');
}
