/** Renders a measurement as plain tables: rates with their spread, and the share of the machine's limit. */
import { arithmeticLimit, type BenchmarkResult } from '../engine/benchmark/benchmark-result.js';
import type { Spread } from '../engine/benchmark/spread.js';
import { isGpu } from '../engine/device.js';
import { newTable } from './inspect-report.js';

/** Always ends with a newline. */
export function renderBenchmark(result: BenchmarkResult): string {
  const { limits, dtype, threads } = result;
  const title = [
    `${result.model}, ${dtype}, ${result.device}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    result.cpu,
    `Limits${isGpu(result.device) ? ' of the GPU' : ''} measured now: ${giga(limits.f32Flops)} GFLOP/s in f32` +
      `${limits.bf16Flops > 0 ? `, ${giga(limits.bf16Flops)} in bf16${isGpu(result.device) ? ' (mma.sync)' : ''}` : ''}, memory read ${(limits.readBytes / 1e9).toFixed(1)} GB/s.`,
    `Loaded in ${result.loadSeconds.toFixed(1)} s; weights ${gib(result.weightBytes)}, KV cache ${gib(result.kvBytes)}, ` +
      `workspace ${gib(result.workspaceBytes)}, at most ${gib(result.peakResidentBytes)} resident.`,
  ].join('\n');
  const arithmetic = arithmeticLimit(result);
  const prefill = newTable(['prompt', 'tokens/s', 'least to most', 'GFLOP/s', 'of the limit']);
  for (const { promptTokens, tokensPerSecond, flops } of result.prefill) {
    const share = percent(flops.median / arithmetic);
    prefill.push([
      `${promptTokens} tokens`,
      rate(tokensPerSecond.median),
      range(tokensPerSecond),
      giga(flops.median),
      share,
    ]);
  }
  const decode = newTable(['decoding at once', 'tokens/s', 'least to most', 'GB/s read', 'of the limit']);
  for (const { batch, tokensPerSecond, readBytes } of result.decode) {
    const share = percent(readBytes.median / limits.readBytes);
    decode.push([
      String(batch),
      rate(tokensPerSecond.median),
      range(tokensPerSecond),
      (readBytes.median / 1e9).toFixed(1),
      share,
    ]);
  }
  const repeats = result.prefill[0]?.tokensPerSecond.repeats ?? result.decode[0]?.tokensPerSecond.repeats ?? 0;
  const note = `Medians of ${repeats} repeats after a warm-up. A batch is bound by memory while it is small and by arithmetic later: its share of one limit falls.`;
  return `${[title, prefill.toString(), decode.toString(), note].join('\n\n').replaceAll(/ +$/gm, '')}\n`;
}

function range({ least, most }: Spread): string {
  return `${rate(least)} to ${rate(most)}`;
}

function rate(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}

function giga(value: number): string {
  return (value / 1e9).toFixed(0);
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(0)} %`;
}
