/** How much of a GPU's memory a model will take, part by part, decided before anything is loaded. */
import { EvalrunError } from '../errors.js';
import type { ArchSpec } from './arch-spec.js';
import type { CheckpointTensor } from './checkpoint/checkpoint.js';
import { PAGE_TOKENS, pagesFor } from './kv-pages.js';
import { gib, kvBytesPerToken, precisionOf, workspaceFloats } from './memory-plan.js';
import type { Numerics } from './numerics.js';

/** A tensor as far as its size on a GPU depends on it. */
export type PlannedTensor = Pick<CheckpointTensor, 'name' | 'shape' | 'dtype'>;

export interface GpuMemoryPlan {
  readonly device: string;
  /** What the weights take, all of it on the GPU. */
  readonly weights: readonly { readonly name: string; readonly bytes: number }[];
  readonly weightBytes: number;
  readonly batchTokens: number;
  /** Activations of a step. */
  readonly workspaceBytes: number;
  /** What kernels need while they run: converted operands, expanded keys and values, partial results. */
  readonly kernelBytes: number;
  /** Logits of rows whose next token is drawn, and the candidates among them. */
  readonly samplingBytes: number;
  readonly kvBytes: number;
  readonly kvTokens: number;
  readonly kvPages: number;
  /** Left alone: CUDA's own memory, fragments, the table of rotary angles. */
  readonly reserveBytes: number;
  readonly totalBytes: number;
  readonly availableBytes: number;
}

export interface GpuMemoryPlanOptions {
  readonly numerics: Numerics;
  readonly gpu: { readonly name: string; readonly freeBytes: number; readonly multiprocessors: number };
  /** Most tokens in one step; default as defaultGpuBatchTokens chooses. */
  readonly batchTokens?: number;
  /** Tokens that the KV cache must hold; default all that fit. */
  readonly kvTokens?: number;
}

interface Model {
  readonly arch: ArchSpec;
  readonly tensors: readonly PlannedTensor[];
}

/** Rows of matrices begin at multiples of this; kRowBytes of native/cuda/context.h. */
const ROW_BYTES = 128;
/** Side of the blocks that share a scale; kQuantBlock of native/ops/ops.h. */
const BLOCK = 128;
/** max_expanded_bytes of native/cuda/attend.h: heads are taken in groups where all would need more. */
const EXPANDED_BYTES = 2 ** 30;
/** Partial results of kernels at their largest: logits of an f32 head (kLogitsAtOnce of log_probs.cu), summaries, candidates. */
const PARTIAL_BYTES = 2 ** 28;
/** A float32 number as three bfloat16 ones (native/cuda/kernels/parts.cuh). */
const PARTS_BYTES = 6;
const RESERVE = 0.05;

const LARGEST_BATCH = 16_384;
const SMALLEST_BATCH = 256;
/** kSampledLogits of native/model/evaluate.cpp: more rows are drawn from in parts. */
const SAMPLED_LOGITS = 2 ** 26;

/**
 * 16,384 tokens, or fewer where a step of so many would take more than an eighth of the GPU's free memory. With 64 experts of
 * which a token takes 6, each expert then gets some 1,500 rows: tiles of 128 are full, and reading all weights once (31 GB of
 * DeepSeek-V2-Lite: 7 ms at 4.3 TB/s) is a few hundredths of the 0.2 s that the arithmetic of 16,384 tokens takes at 400 TFLOP/s.
 */
export function defaultGpuBatchTokens(arch: ArchSpec, numerics: Numerics, freeBytes: number): number {
  let tokens = LARGEST_BATCH;
  const stepBytes = () => workspaceFloats(arch, tokens) * 4 + operandBytes(arch, numerics, tokens);
  while (tokens > SMALLEST_BATCH && stepBytes() > freeBytes / 8) tokens /= 2;
  return tokens;
}

/** @throws EvalrunError memory/plan with every part when the plan does not fit. */
export function planGpuMemory(
  model: Model & { readonly folder: string },
  options: GpuMemoryPlanOptions,
): GpuMemoryPlan {
  const plan = gpuMemoryPlan(model, options);
  if (fitsGpu(plan)) return plan;
  throw new EvalrunError('memory/plan', {
    what: `${model.folder} does not fit into the memory of ${plan.device}`,
    expected: renderGpuMemoryPlan(plan),
    found: `${gib(plan.availableBytes)} free`,
    todo: 'use a larger or an emptier GPU, a smaller checkpoint, --dtype fp8, or a smaller --batch-tokens; "evalrun inspect" shows what fits',
  });
}

export function fitsGpu({ totalBytes, availableBytes }: GpuMemoryPlan): boolean {
  return totalBytes <= availableBytes;
}

/** The plan, whether it fits or not. */
export function gpuMemoryPlan({ arch, tensors }: Model, options: GpuMemoryPlanOptions): GpuMemoryPlan {
  const { numerics, gpu } = options;
  const batchTokens = options.batchTokens ?? defaultGpuBatchTokens(arch, numerics, gpu.freeBytes);
  const weights = weightParts(tensors, arch, numerics);
  const weightBytes = weights.reduce((sum, { bytes }) => sum + bytes, 0);
  const workspaceBytes = workspaceFloats(arch, batchTokens) * 4;
  // Scratch memory grows by doubling (native/cuda/context.cpp): up to twice of what is used is taken.
  const kernelBytes =
    2 * (operandBytes(arch, numerics, batchTokens) + expandedBytes(arch, numerics, batchTokens)) + PARTIAL_BYTES;
  const reserveBytes = Math.round(gpu.freeBytes * RESERVE);
  const samplingBytes = samplingBytesOf(arch, batchTokens, gpu.multiprocessors);
  const fixedBytes = weightBytes + workspaceBytes + kernelBytes + samplingBytes + reserveBytes;
  const pageBytes = kvBytesPerToken(arch, numerics) * PAGE_TOKENS;
  const smallest = pagesFor(2 * batchTokens) + 1;
  const fitting = Math.floor((gpu.freeBytes - fixedBytes) / pageBytes);
  const kvPages = options.kvTokens === undefined ? Math.max(smallest, fitting) : pagesFor(options.kvTokens);
  return {
    device: gpu.name,
    weights,
    weightBytes,
    batchTokens,
    workspaceBytes,
    kernelBytes,
    samplingBytes,
    kvBytes: kvPages * pageBytes,
    kvTokens: kvPages * PAGE_TOKENS,
    kvPages,
    reserveBytes,
    totalBytes: fixedBytes + kvPages * pageBytes,
    availableBytes: gpu.freeBytes,
  };
}

export function renderGpuMemoryPlan(plan: GpuMemoryPlan): string {
  const weights = plan.weights.map(({ name, bytes }) => `${name} ${gib(bytes)}`).join(', ');
  return (
    `on ${plan.device}: weights ${gib(plan.weightBytes)} (${weights}), ` +
    `KV cache ${gib(plan.kvBytes)} (${plan.kvTokens} tokens), ` +
    `a step of ${plan.batchTokens} tokens ${gib(plan.workspaceBytes)}, kernels up to ${gib(plan.kernelBytes)}, ` +
    `drawing tokens up to ${gib(plan.samplingBytes)}, ` +
    `reserve ${gib(plan.reserveBytes)}, together ${gib(plan.totalBytes)} of ${gib(plan.availableBytes)} free`
  );
}

/** Mirrors native/model/evaluate.cpp and native/cuda/sample.cu: 8 bytes a candidate, a row at a time on each multiprocessor. */
function samplingBytesOf({ vocabSize }: ArchSpec, rows: number, multiprocessors: number): number {
  const logits = Math.min(rows * vocabSize, Math.max(vocabSize, SAMPLED_LOGITS));
  return 4 * logits + 2 * 8 * Math.min(rows, multiprocessors) * vocabSize;
}

type Part = 'embedding' | 'projections' | 'experts' | 'head' | 'norms and router';

function weightParts(tensors: readonly PlannedTensor[], arch: ArchSpec, numerics: Numerics) {
  const bytes = new Map<Part, number>();
  const add = (part: Part, more: number) => bytes.set(part, (bytes.get(part) ?? 0) + more);
  for (const tensor of tensors) {
    add(partOf(tensor), tensorBytes(tensor, arch, numerics));
    // Looked up as stored, multiplied in the head's precision: one copy where the two are the same.
    const isHeadToo = arch.tiedHead && /embed_tokens/.test(tensor.name);
    if (isHeadToo && formatOf(tensor, numerics.head) !== tensor.dtype) add('head', matrixBytes(tensor, numerics.head));
  }
  return [...bytes].map(([name, size]) => ({ name, bytes: size }));
}

function partOf({ name, shape }: PlannedTensor): Part {
  if (/embed_tokens/.test(name)) return 'embedding';
  if (/lm_head/.test(name)) return 'head';
  if (shape.length !== 2 || /mlp\.gate\.weight$/.test(name)) return 'norms and router';
  return /\.experts\./.test(name) ? 'experts' : 'projections';
}

/** Mirrors native/cuda/device_weights.cpp. */
function tensorBytes(tensor: PlannedTensor, arch: ArchSpec, numerics: Numerics): number {
  const { name, shape, dtype } = tensor;
  if (shape.length !== 2) {
    // Norms as stored, one padded row; biases as float32.
    const elements = shape.reduce((product, size) => product * size, 1);
    return /norm/.test(name) ? padded(elements * elementBytes(dtype)) : elements * 4;
  }
  const isLookedUp = /embed_tokens/.test(name);
  return matrixBytes(tensor, isLookedUp ? 'f32' : (precisionOf(tensor, arch, numerics) ?? 'f32'));
}

function matrixBytes(tensor: PlannedTensor, precision: 'f32' | 'bf16' | 'fp8'): number {
  const [rows = 0, columns = 0] = tensor.shape;
  const format = formatOf(tensor, precision);
  const scales = format === 'F8_E4M3' ? Math.ceil(rows / BLOCK) * Math.ceil(columns / BLOCK) * 4 : 0;
  return rows * padded(columns * elementBytes(format)) + scales;
}

/** In f32 a product reads its weights as they are stored. */
function formatOf({ dtype }: PlannedTensor, precision: 'f32' | 'bf16' | 'fp8'): string {
  return precision === 'f32' ? dtype : precision === 'bf16' ? 'BF16' : 'F8_E4M3';
}

function elementBytes(dtype: string): number {
  return dtype === 'F32' ? 4 : dtype === 'F8_E4M3' ? 1 : 2;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ROW_BYTES) * ROW_BYTES;
}

/** Activations converted for the products of a layer, at most 2 bytes each; in f32 they are read as they are. */
function operandBytes(arch: ArchSpec, { linear }: Numerics, tokens: number): number {
  if (linear === 'f32') return 0;
  const { attention, moe, width } = arch;
  const attended =
    attention.kind === 'mla'
      ? attention.heads * attention.vHeadDim + (attention.qLoraRank ?? 0)
      : attention.heads * attention.headDim;
  const inner =
    moe === null ? arch.denseWidth : Math.max(arch.denseWidth, moe.expertsPerToken * moe.width + moe.sharedWidth);
  return tokens * 2 * (2 * width + attended + inner);
}

/** Keys and values of prompts that are expanded from latents, in fp8 as parts. */
function expandedBytes(arch: ArchSpec, numerics: Numerics, batchTokens: number): number {
  const { attention, contextLength } = arch;
  if (attention.kind !== 'mla') return 0;
  const { heads, kvLoraRank, qkNopeHeadDim, qkRopeHeadDim, vHeadDim } = attention;
  const parts = numerics.attention === 'f32' && numerics.linear === 'fp8';
  const elementBytes = parts ? PARTS_BYTES : numerics.attention === 'f32' ? 4 : 2;
  const head = contextLength * (qkNopeHeadDim + qkRopeHeadDim + vHeadDim) * elementBytes;
  const expanded = Math.max(head, Math.min(EXPANDED_BYTES, heads * head));
  if (!parts) return expanded;
  // The latents of a step's pages, which are its own tokens', those before them and what is left of pages; and kv_b.
  const latents = (contextLength + 2 * batchTokens) * (kvLoraRank + qkRopeHeadDim);
  const weight = heads * (qkNopeHeadDim + vHeadDim) * kvLoraRank;
  return expanded + (latents + weight) * PARTS_BYTES;
}
