/** How much memory a model will take, part by part, decided before anything is loaded. */
import os from 'node:os';
import { EvalrunError } from '../errors.js';
import type { ArchSpec } from './arch-spec.js';
import type { Checkpoint } from './checkpoint/checkpoint.js';
import { PAGE_TOKENS, pagesFor } from './kv-pages.js';
import type { Numerics } from './numerics.js';

export interface MemoryPlan {
  /** Weights mapped from the files as they are. */
  readonly mappedBytes: number;
  /** Copies of weights that a product needs in another format. */
  readonly convertedBytes: number;
  readonly kvBytes: number;
  readonly kvTokens: number;
  readonly kvPages: number;
  readonly workspaceBytes: number;
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** Layouts of native/cpu/packed_weight.h, and of compact_panel.h for bf16. */
export type Panels = 'plain' | 'compact';

export interface MemoryPlanOptions {
  readonly numerics: Numerics;
  readonly batchTokens: number;
  /** Tokens that the KV cache must hold; undefined: as many as are useful and fit. */
  readonly kvTokens?: number;
  /** Tokens that are useful where several requests are computed at a time; they take half of what is left at the most. */
  readonly usefulKvTokens?: number;
  /** How weights of products in bf16 and fp8 are laid out anew in memory, the mapped ones being given back; absent: not at all. */
  readonly panels?: Panels | undefined;
}

/** Memory that a new process may take: what the system has left, within this process's limits. */
export function availableMemoryBytes(): number {
  const process_ = process as NodeJS.Process & { availableMemory?: () => number };
  return process_.availableMemory?.() ?? os.freemem();
}

/** @throws EvalrunError memory/plan with all numbers when the plan does not fit. */
export function planMemory(checkpoint: Checkpoint, options: MemoryPlanOptions): MemoryPlan {
  const { arch } = checkpoint;
  const availableBytes = availableMemoryBytes();
  const mappedBytes = checkpoint.tensors.reduce((sum, tensor) => sum + mappedTensorBytes(tensor, arch, options), 0);
  const convertedBytes = checkpoint.tensors.reduce(
    (sum, tensor) => sum + convertedTensorBytes(tensor, arch, options),
    0,
  );
  const workspaceBytes = workspaceFloats(arch, options.batchTokens) * 4;
  const pageBytes = kvBytesPerToken(arch, options.numerics) * PAGE_TOKENS;
  const fixedBytes = mappedBytes + convertedBytes + workspaceBytes;
  const smallest = pagesFor(2 * options.batchTokens) + 1;
  const fitting = Math.floor((availableBytes - fixedBytes) / pageBytes);
  const shared = Math.min(pagesFor(options.usefulKvTokens ?? 0), Math.floor(fitting / 2));
  const useful = Math.max(usefulPages(arch, options.batchTokens), shared);
  const wanted = options.kvTokens === undefined ? useful : pagesFor(options.kvTokens);
  const kvPages = options.kvTokens === undefined ? Math.max(smallest, Math.min(wanted, fitting)) : wanted;
  const kvBytes = kvPages * pageBytes;
  const plan: MemoryPlan = {
    mappedBytes,
    convertedBytes,
    kvBytes,
    kvTokens: kvPages * PAGE_TOKENS,
    kvPages,
    workspaceBytes,
    totalBytes: fixedBytes + kvBytes,
    availableBytes,
  };
  if (plan.totalBytes > availableBytes) {
    throw new EvalrunError('memory/plan', {
      what: `${checkpoint.folder} does not fit into memory`,
      expected: `${renderMemoryPlan(plan)}`,
      found: `${gib(availableBytes)} available`,
      todo: 'use a machine with more memory, a smaller checkpoint, or a smaller --batch-tokens; "evalrun inspect" shows every part',
    });
  }
  return plan;
}

export function renderMemoryPlan(plan: MemoryPlan): string {
  return (
    `weights ${gib(plan.mappedBytes)} mapped + ${gib(plan.convertedBytes)} converted, ` +
    `KV cache up to ${gib(plan.kvBytes)} (${plan.kvTokens} tokens), workspace up to ${gib(plan.workspaceBytes)}, ` +
    `together ${gib(plan.totalBytes)}`
  );
}

export function gib(bytes: number): string {
  return bytes < 1 << 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

/** Room for the longest prompt the model takes (up to 32k) beside a few steps' worth of questions. */
function usefulPages(arch: ArchSpec, batchTokens: number): number {
  return pagesFor(Math.min(arch.contextLength, 32_768) + 4 * batchTokens);
}

/** Of all layers, the MTP module's among them. */
export function kvBytesPerToken(arch: ArchSpec, numerics: Numerics): number {
  const { attention } = arch;
  const elements =
    attention.kind === 'mla'
      ? attention.kvLoraRank + attention.qkRopeHeadDim
      : 2 * attention.kvHeads * attention.headDim;
  return elements * (numerics.kv === 'f32' ? 4 : 2) * (arch.layers + arch.mtpLayers);
}

/** Bytes of the file that stay in memory: what is converted or packed is read once. Embeddings are looked up in the file. */
function mappedTensorBytes(tensor: StoredTensor, arch: ArchSpec, options: MemoryPlanOptions): number {
  const scales = tensor.scale?.bytes ?? 0;
  const copied = convertedTensorBytes(tensor, arch, options) > 0;
  return copied && !/embed_tokens/.test(tensor.name) ? scales : tensor.bytes + scales;
}

/** Mirrors native/model/prepare.cpp: products are converted or packed, embeddings, norms and the router stay as they are. */
function convertedTensorBytes(tensor: StoredTensor, arch: ArchSpec, options: MemoryPlanOptions): number {
  const precision = precisionOf(tensor, arch, options.numerics);
  if (precision === undefined) return 0;
  const [rows = 0, columns = 0] = tensor.shape;
  if (isPacked(tensor, arch, options)) {
    // Panels of 64 outputs; native/cpu/packed_weight.h.
    const outputs = Math.ceil(rows / 64) * 64;
    if (precision === 'fp8') return outputs * Math.ceil(columns / 128) * 128;
    return options.panels === 'compact' && precision === 'bf16'
      ? (outputs / 64) * compactPanelBytes(columns)
      : outputs * Math.ceil(columns / 2) * 4;
  }
  if (precision === 'f32') return 0;
  if (precision === 'bf16') return tensor.dtype === 'BF16' ? 0 : rows * columns * 2;
  return tensor.dtype === 'F8_E4M3' ? 0 : rows * columns;
}

/** Of 64 outputs in 12 bits a weight, and what is beside them; native/cpu/compact_panel.h. */
function compactPanelBytes(columns: number): number {
  const steps = Math.ceil(columns / 32);
  return 64 + steps * 3072 + Math.ceil(steps / 64) * 64 + Math.ceil(steps / 2) * 64;
}

type StoredTensor = Checkpoint['tensors'][number];

/** kv_b_proj is read row by row, so it stays as it is. Products in float32 take bfloat16 panels alone. */
function isPacked(tensor: StoredTensor, arch: ArchSpec, { numerics, panels }: MemoryPlanOptions): boolean {
  const precision = precisionOf(tensor, arch, numerics);
  if (panels === undefined || precision === undefined || /kv_b_proj/.test(tensor.name)) return false;
  return precision !== 'f32' || tensor.dtype === 'BF16';
}

/** Of the product that a tensor is the weight of; undefined where it is none. */
export function precisionOf(
  { name, shape }: Pick<StoredTensor, 'name' | 'shape'>,
  { tiedHead }: ArchSpec,
  numerics: Numerics,
) {
  if (shape.length !== 2 || /mlp\.gate\.weight$/.test(name)) return undefined;
  if (/embed_tokens/.test(name)) return tiedHead ? numerics.head : undefined;
  if (/lm_head|eh_proj/.test(name)) return numerics.head;
  return /kv_b_proj/.test(name) ? numerics.kvB : numerics.linear;
}

/** Mirrors the Workspace members of native/model/model.h, in float32 numbers for a step of `tokens` rows. */
export function workspaceFloats(arch: ArchSpec, tokens: number): number {
  const { attention, moe } = arch;
  const attentionFloats =
    attention.kind === 'mla'
      ? attention.heads * (attention.qkNopeHeadDim + attention.qkRopeHeadDim + attention.vHeadDim) +
        (attention.qLoraRank ?? 0) +
        attention.kvLoraRank +
        attention.qkRopeHeadDim
      : attention.headDim * (2 * attention.heads + 2 * attention.kvHeads);
  const moeFloats =
    moe === null
      ? 0
      : moe.expertsPerToken * (2 * moe.width + arch.width) + moe.experts + 2 * moe.sharedWidth + arch.width;
  const mtpFloats = arch.mtpLayers > 0 ? 4 * arch.width : 0;
  return tokens * (6 * arch.width + attentionFloats + 2 * arch.denseWidth + moeFloats + mtpFloats);
}
