/** A whole measurement: the machine's limits, loading, prompts, decoding, memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { availableCores } from '../available-cores.js';
import { chooseDevice } from '../device.js';
import { type EngineOptions, loadEngine } from '../load-engine.js';
import { cudaInfo, gpuLimits, machineLimits } from '../native.js';
import type { BenchmarkResult } from './benchmark-result.js';
import { type DecodePoint, type MeasureOptions, measureDecode, measurePrefill, type PrefillPoint } from './measure.js';

export interface BenchmarkOptions extends MeasureOptions {
  readonly engine: EngineOptions;
  /** Prompt lengths. */
  readonly lengths: readonly number[];
  readonly batches: readonly number[];
  /** Tokens in the cache where decoding begins. */
  readonly contextTokens: number;
  readonly onProgress?: (line: string) => void;
}

/**
 * Measures. Throws what loadEngine throws; lengths beyond the model's context are left out with a line to onProgress, as are batches
 * that the cache does not hold.
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const { lengths, batches, contextTokens, onProgress } = options;
  const threads = options.engine.threads ?? availableCores();
  const device = await chooseDevice(options.engine.device ?? 'auto', cudaInfo);
  onProgress?.(`measuring the limits of ${device.kind === 'cuda' ? device.name : 'the processor'}`);
  const limits = device.kind === 'cuda' ? await gpuLimits(device.gpu.index) : await machineLimits(threads);
  forgetPeak();
  onProgress?.('loading');
  const begin = performance.now();
  const kvTokens = Math.max(...batches) * (contextTokens + options.decodeTokens + 64) + Math.max(...lengths) + 128;
  const engine = await loadEngine({ ...options.engine, kvTokens, optionalTokenizer: true });
  const loadSeconds = (performance.now() - begin) / 1000;
  try {
    const prefill: PrefillPoint[] = [];
    for (const length of lengths) {
      if (length >= engine.arch.contextLength) {
        onProgress?.(`prompts of ${length} tokens are left out: the context is ${engine.arch.contextLength}`);
        continue;
      }
      onProgress?.(`prompts of ${length} tokens`);
      prefill.push(await measurePrefill(engine, length, options));
    }
    const decode: DecodePoint[] = [];
    for (const batch of batches) {
      onProgress?.(`decoding ${batch} at once`);
      decode.push(await measureDecode(engine, { batch, contextTokens }, options));
    }
    const { info } = engine;
    const { weightBytes, kvBytes, workspaceBytes } = engine.memory();
    return {
      schema: 1,
      created: new Date().toISOString(),
      model: info.model,
      random: info.random,
      weightFingerprint: info.weightFingerprint,
      dtype: info.dtype,
      device: info.device,
      threads: info.threads,
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
      kernels: info.kernels,
      limits,
      loadSeconds,
      weightBytes,
      kvBytes,
      workspaceBytes,
      peakResidentBytes: peakResidentBytes(),
      prefill,
      decode,
    };
  } finally {
    await engine.close();
  }
}

/** The limits' own blocks are not the model's: Linux can start counting again. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the peak has them in it.
  }
}

function peakResidentBytes(): number {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (line?.[1] !== undefined) return Number(line[1]) * 1024;
  } catch {
    // Not Linux: the kernel's own count below.
  }
  const { maxRSS } = process.resourceUsage();
  return maxRSS * 1024;
}
