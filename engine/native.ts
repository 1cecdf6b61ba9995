/** Loads the native addon and types what it exports; see native/binding/addon.cpp. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { packageRoot } from '../package-root.js';

/** A step as the native side reads it; all lists are Int32Array. See native/model/step.h. */
export interface NativeStep {
  readonly tokens: Int32Array;
  /** Groups of four: count, start position, first page, decode (0 or 1). */
  readonly spans: Int32Array;
  readonly pageTable: Int32Array;
  /** Pairs (source page, target page). */
  readonly pageCopies: Int32Array;
  readonly rows: Int32Array;
  readonly ids: Int32Array;
  readonly idRows: Int32Array;
  readonly wantBest: boolean;
  readonly wantLogits: boolean;
  /** Per row temperature, top_p, min_p; empty: the best token of every row. */
  readonly sampleNumbers: Float32Array;
  /** Per row top_k, low and high half of the random key, position. */
  readonly sampleIntegers: Int32Array;
  /** Token after each row (-1 unknown, -2 the one chosen in this step), or empty: the MTP module does not run. */
  readonly nextTokens: Int32Array;
  readonly wantExperts: boolean;
}

export interface NativeStepResult {
  readonly logProbs: Float32Array;
  readonly best: Int32Array;
  readonly logits: Float32Array;
  readonly mtpLogits: Float32Array;
  /** Of the rows whose next token was chosen in the step: the MTP module's best token behind it, in row order. */
  readonly drafts: Int32Array;
  /** [mixture-of-experts layers of the main model, T, K], empty unless asked for. */
  readonly experts: Uint16Array;
}

export interface TensorScan {
  readonly name: string;
  /** 64 bits, hex. */
  readonly hash: string;
  /** Element index, -1 when all are finite. */
  readonly firstNonFinite: number;
}

/** After its construction: open() once, then the rest, one call at a time. */
export interface NativeModel {
  /** Starts the device and takes memory for the cache; throws when there is not enough. */
  open(): Promise<void>;
  prepare(): Promise<void>;
  scan(): Promise<TensorScan[]>;
  forward(step: NativeStep): Promise<NativeStepResult>;
  memory(): { convertedBytes: number; cacheBytes: number; workspaceBytes: number };
  kernels(): Record<string, string>;
  /** A call in progress keeps the memory until it ends; one that loads ends soon, and rejects. */
  close(): void;
}

export interface NativeInfo {
  readonly avx2: boolean;
  readonly avx512: boolean;
  readonly avx512Bf16: boolean;
  readonly avx512Vbmi: boolean;
  readonly amxBf16: boolean;
  readonly neon: boolean;
  readonly compiler: string;
}

/** See native/cuda/gpu.h. */
export interface GpuInfo {
  /** In CUDA's order, which CUDA_VISIBLE_DEVICES changes. */
  readonly index: number;
  readonly name: string;
  /** PCI bus id, e.g. "0000:3b:00.0". */
  readonly busId: string;
  /** 10 * major + minor. */
  readonly computeCapability: number;
  readonly multiprocessors: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Why this build cannot compute on it; empty when it can. */
  readonly reason: string;
}

export interface CudaInfo {
  /** Whether this build has a CUDA engine. */
  readonly compiled: boolean;
  /** Why no GPU can be used; empty when one can. */
  readonly reason: string;
  /** 1000 * major + 10 * minor, 0 where unknown; the driver's is the newest CUDA that it knows. */
  readonly runtimeVersion: number;
  readonly driverVersion: number;
  readonly gpus: readonly GpuInfo[];
}

/** A GPU's counters at one moment; see native/cuda/nvml.h. What a GPU does not count is absent. */
export interface GpuSample {
  readonly memoryUsedBytes?: number;
  readonly powerMilliwatts?: number;
  /** Since the driver was loaded. */
  readonly energyMillijoules?: number;
  readonly smClockMhz?: number;
  readonly memoryClockMhz?: number;
  readonly temperatureCelsius?: number;
  readonly busyPercent?: number;
  readonly memoryBusyPercent?: number;
  /** Bits of nvmlClocksEventReasons. */
  readonly throttleReasons?: number;
}

export interface NativeModelOptions {
  readonly device: { readonly kind: 'cpu' } | { readonly kind: 'cuda'; readonly index: number };
  /** On a GPU: of those that read and convert weights. */
  readonly threads: number;
  readonly pages: number;
  /** Of the CPU. */
  readonly referenceKernels: boolean;
}

/** What a processor or a GPU can do at most; see native/cpu/limits.h and native/cuda/gpu.h. */
export interface MachineLimits {
  /** Per second; a fused multiply-add is two operations. */
  readonly f32Flops: number;
  /** With vdpbf16ps or tdpbf16ps (AMX), 0 where the CPU has neither; on a GPU with mma.sync. */
  readonly bf16Flops: number;
  /** Bytes per second from memory that no cache holds. */
  readonly readBytes: number;
}

interface NativeAddon {
  readonly Model: new (
    spec: object,
    numerics: object,
    files: readonly object[],
    tensors: readonly object[],
    options: NativeModelOptions,
  ) => NativeModel;
  info(): NativeInfo;
  limits(threads: number): Promise<MachineLimits>;
  gpuLimits(index: number): Promise<MachineLimits>;
  gpus(): Promise<CudaInfo>;
  sampleGpu(busId: string): GpuSample;
}

let loaded: NativeAddon | undefined;

/** The addon; throws build/addon with what to do when it was not built or does not load. */
export function nativeAddon(): NativeAddon {
  if (loaded !== undefined) return loaded;
  const file = path.join(packageRoot, 'native', 'build', 'evalrun.node');
  try {
    loaded = createRequire(import.meta.url)(file) as NativeAddon;
    return loaded;
  } catch (cause) {
    throw new EvalrunError('build/addon', {
      what: `The engine's native addon ${file} does not load`,
      found: cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause),
      todo: 'run "npm run build:native" in the evalrun folder (it needs cmake and g++) and try again',
      cause,
    });
  }
}

/** Instruction sets and compiler of the addon. */
export function nativeInfo(): NativeInfo {
  return nativeAddon().info();
}

/** Measures the machine for about three seconds, on `threads` threads. */
export function machineLimits(threads: number): Promise<MachineLimits> {
  return nativeAddon().limits(threads);
}

/** Measures a GPU for about two seconds; takes up to 2 GiB of it for that time. */
export function gpuLimits(index: number): Promise<MachineLimits> {
  return nativeAddon().gpuLimits(index);
}

/** What the driver says of the GPUs now. Starts CUDA, which may take a second. */
export function cudaInfo(): Promise<CudaInfo> {
  return nativeAddon().gpus();
}

/** A GPU's counters now, in some milliseconds; throws an Error with the reason where NVML does not tell. */
export function sampleGpu(busId: string): GpuSample {
  return nativeAddon().sampleGpu(busId);
}
