/** Opens a checkpoint on a device: loadEngine is how everything above gets an Engine. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { kvElementsPerToken, ownMhaElementsPerToken } from './accounting/kv-cache.js';
import { countParameters } from './accounting/parameters.js';
import { kvElementBytes } from './accounting/weight-memory.js';
import { availableCores } from './available-cores.js';
import type { Checkpoint } from './checkpoint/checkpoint.js';
import { openCheckpoint } from './checkpoint/checkpoint.js';
import { checkpointName } from './checkpoint/checkpoint-name.js';
import { chooseDevice, type Device, type DeviceOption } from './device.js';
import type { DType, OpeningEngine, OpeningInfo, Tokenizer } from './engine.js';
import { planGpuMemory, renderGpuMemoryPlan } from './gpu-memory-plan.js';
import { type EnginePlan, LocalEngine } from './local-engine.js';
import { type Panels, planMemory, renderMemoryPlan } from './memory-plan.js';
import { cudaInfo, type NativeModel, type NativeModelOptions, nativeAddon, nativeInfo } from './native.js';
import { type Numerics, numericsOf } from './numerics.js';
import { loadTokenizer } from './tokenizer/load-tokenizer.js';
import { NO_TOKENIZER } from './tokenizer/no-tokenizer.js';
import { warmUp } from './warm-up.js';
import { weightFingerprint as fingerprintOf } from './weight-fingerprint.js';

export interface EngineOptions {
  /** Folder of a checkpoint in Hugging Face layout. */
  readonly model: string;
  /** Default: what the checkpoint is stored in (FP8 -> fp8, BF16 -> bf16, F32 and F16 -> f32). */
  readonly dtype?: DType;
  /** Default auto: the first GPU that can be used, else the CPU. */
  readonly device?: DeviceOption;
  /** Default: every core this process may keep busy. With a GPU they read and convert weights. */
  readonly threads?: number;
  /** Most tokens in one step; scores do not depend on it. Default 1024, on a GPU up to 16,384. */
  readonly batchTokens?: number;
  /** Tokens that the KV cache holds; default as many as are useful and fit. */
  readonly kvTokens?: number;
  /** More of them for requests that come at the same time, where memory allows. */
  readonly usefulKvTokens?: number;
  /** Run the CPU's scalar reference kernels only: slow, and the judge of all others. */
  readonly referenceKernels?: boolean;
  /** Do without tokenizer.json: for token ids in, logits out. */
  readonly withoutTokenizer?: boolean;
  /** Do without tokenizer.json only where the folder has none. */
  readonly optionalTokenizer?: boolean;
  /** Lines that a person should see: device, memory plan, notes about the checkpoint. */
  readonly onNotice?: (line: string) => void;
}

const CPU_BATCH_TOKENS = 1024;
/** The default of FP8 checkpoints, and on a GPU not what people expect of FP8. */
const EXACT_FP8 =
  'precision: fp8 is computed exactly, which takes a GPU longer than bf16; --dtype fp8-bf16 rounds as engines for serving do';

/**
 * Loads a checkpoint into the built-in engine.
 *
 * @throws EvalrunError checkpoint/..., config/..., tokenizer/..., memory/plan, device/..., build/addon
 * @example const engine = await loadEngine({ model: 'models/DeepSeek-V2-Lite', dtype: 'bf16' });
 */
export async function loadEngine(options: EngineOptions): Promise<LocalEngine> {
  return (await openEngine(options)).loaded;
}

/** The built-in engine while its weights are being loaded. */
export interface OpeningLocalEngine extends OpeningEngine {
  readonly loaded: Promise<LocalEngine>;
}

/**
 * Begins to load a checkpoint: what can be wrong before its weights are read is told, and the tokenizer is there. For who has prompts
 * to write while the weights are read; throws as loadEngine, of which `loaded` throws a part.
 */
export async function openEngine(options: EngineOptions): Promise<OpeningLocalEngine> {
  const notice = options.onNotice ?? (() => {});
  const { referenceKernels = false } = options;
  const device = await chooseDevice(options.device ?? (referenceKernels ? 'cpu' : 'auto'), cudaInfo);
  if (options.device !== 'cpu') notice(`device: ${device.name}, because ${device.reason}`);
  if (referenceKernels && device.kind !== 'cpu') throw noReferenceKernels(device);
  const checkpoint = openCheckpoint(options.model);
  for (const note of checkpoint.notes) notice(note);
  const dtype = options.dtype ?? storedDType(checkpoint);
  const numerics = numericsOf(dtype);
  if (device.kind === 'cuda' && dtype === 'fp8') notice(EXACT_FP8);
  const threads = positiveInteger('--threads', options.threads ?? availableCores());
  const plan = planOn(device, { checkpoint, numerics, options, notice });
  const model = await openModel(checkpoint, numerics, device, {
    device: device.kind === 'cpu' ? { kind: 'cpu' } : { kind: 'cuda', index: device.gpu.index },
    threads,
    pages: plan.kvPages,
    referenceKernels,
  });
  // Weights are read on native threads while this one reads the tokenizer.
  const prepared = model.prepare();
  prepared.catch(() => {}); // awaited below; where the tokenizer is at fault, its error is the one told
  let tokenizer: Tokenizer;
  try {
    tokenizer = await tokenizerOf(checkpoint, options);
  } catch (error) {
    model.close();
    throw error;
  }
  const info = describe(checkpoint, { dtype, numerics, device, threads, tokenizerSha256: tokenizer.sha256 });
  const loaded = readWeights({ checkpoint, device, model, plan, prepared }).then(
    (known) =>
      new LocalEngine({
        info: { ...info, ...known },
        tokenizer,
        arch: checkpoint.arch,
        model,
        plan,
        batchTokens: plan.batchTokens,
        ...(device.kind === 'cuda' && { gpuBusId: device.gpu.busId }),
      }),
  );
  let engine: LocalEngine | undefined;
  const settled = loaded.then(
    (ready) => {
      engine = ready;
    },
    () => model.close(), // the error is told to who waits for the engine
  );
  const close = async () => {
    if (engine === undefined) model.close();
    await settled;
    await engine?.close();
  };
  return { info, tokenizer, loaded, close };
}

interface Reading {
  readonly checkpoint: Checkpoint;
  readonly device: Device;
  readonly model: NativeModel;
  readonly plan: EnginePlan & { readonly batchTokens: number };
  /** Of `model.prepare()`. */
  readonly prepared: Promise<void>;
}

/** What is known of a model when it can compute. */
async function readWeights({ checkpoint, device, model, plan, prepared }: Reading) {
  await told(checkpoint, device, prepared);
  const weightFingerprint = await told(checkpoint, device, fingerprintOf(checkpoint, model));
  await told(checkpoint, device, warmUp(model, { ...plan, arch: checkpoint.arch, device: device.kind }));
  return { weightFingerprint, kernels: model.kernels() };
}

async function tokenizerOf({ folder }: Checkpoint, options: EngineOptions): Promise<Tokenizer> {
  const none =
    options.withoutTokenizer || (options.optionalTokenizer && !existsSync(path.join(folder, 'tokenizer.json')));
  return none ? NO_TOKENIZER : loadTokenizer(folder);
}

interface Planned {
  readonly checkpoint: Checkpoint;
  readonly numerics: Numerics;
  readonly options: EngineOptions;
  readonly notice: (line: string) => void;
}

/** The memory of the device, told to `notice` before anything is loaded. */
function planOn(
  device: Device,
  { checkpoint, numerics, options, notice }: Planned,
): EnginePlan & { readonly batchTokens: number } {
  const asked = {
    numerics,
    ...(options.batchTokens !== undefined && { batchTokens: positiveInteger('--batch-tokens', options.batchTokens) }),
    ...(options.kvTokens !== undefined && { kvTokens: positiveInteger('--kv-tokens', options.kvTokens) }),
  };
  if (device.kind === 'cuda') {
    const gpu = { ...device.gpu, name: device.name };
    const plan = planGpuMemory(checkpoint, { ...asked, gpu });
    notice(`memory: ${renderGpuMemoryPlan(plan)}`);
    return { kvPages: plan.kvPages, mappedBytes: 0, batchTokens: plan.batchTokens };
  }
  const { batchTokens = CPU_BATCH_TOKENS } = asked;
  const panels = options.referenceKernels ? undefined : panelsOfThisCpu();
  const { usefulKvTokens = 0 } = options;
  const plan = planMemory(checkpoint, { ...asked, batchTokens, panels, usefulKvTokens });
  notice(`memory: ${renderMemoryPlan(plan)}`);
  return { kvPages: plan.kvPages, mappedBytes: plan.mappedBytes, batchTokens };
}

function noReferenceKernels(device: Device): EvalrunError {
  return new EvalrunError('device/cuda', {
    what: 'The reference kernels run on the CPU alone',
    expected: 'device cpu',
    found: device.name,
  });
}

/** F16 has more mantissa bits than bfloat16, so only f32 computes it without loss. */
function storedDType({ arch, tensors }: Checkpoint): DType {
  if (arch.weightQuantization !== null) return 'fp8';
  return tensors.some(({ dtype, shape }) => shape.length === 2 && dtype === 'BF16') ? 'bf16' : 'f32';
}

async function openModel(
  checkpoint: Checkpoint,
  numerics: Numerics,
  device: Device,
  options: NativeModelOptions,
): Promise<NativeModel> {
  const { Model } = nativeAddon();
  const open = async () => {
    const model = new Model(checkpoint.arch, numerics, checkpoint.files, checkpoint.tensors, options);
    await model.open();
    return model;
  };
  return told(checkpoint, device, open());
}

/** The native side's errors, as a person should read them. */
async function told<T>({ folder }: Checkpoint, device: Device, loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (cause) {
    if (cause instanceof EvalrunError) throw cause;
    throw new EvalrunError('engine/load', {
      what: `The engine cannot load ${folder}${device.kind === 'cuda' ? ` on ${device.name}` : ''}`,
      found: cause instanceof Error ? cause.message : String(cause),
      ...(device.kind === 'cuda' && {
        todo: 'if memory ran out, see with nvidia-smi who else uses the GPU, or use a smaller --batch-tokens',
      }),
      cause,
    });
  }
}

interface Described {
  readonly dtype: DType;
  readonly numerics: Numerics;
  readonly device: Device;
  readonly threads: number;
  readonly tokenizerSha256: string;
}

function describe(checkpoint: Checkpoint, parts: Described): OpeningInfo & { readonly dtype: DType } {
  const { arch } = checkpoint;
  const counts = countParameters(arch);
  return {
    kind: 'local',
    model: checkpointName(checkpoint.folder),
    modelType: arch.modelType,
    random: existsSync(path.join(checkpoint.folder, RANDOM_MARKER)),
    tokenizerSha256: parts.tokenizerSha256,
    dtype: parts.dtype,
    device: parts.device.name,
    deviceReason: parts.device.reason,
    threads: parts.threads,
    numerics: {
      ...parts.numerics,
      router: 'f32',
      norms: 'f32',
      softmax: 'f32',
      latentForm: arch.attention.kind === 'mla' ? 'expanded for prompts, absorbed for decoding' : 'none',
      softmaxScale: arch.softmaxScale,
      normEps: arch.normEps,
      ropeLayout: arch.rope.layout,
      isa: isaName(parts.device),
    },
    contextLength: arch.contextLength,
    vocabSize: arch.vocabSize,
    totalParameters: counts.total,
    activeParameters: counts.active,
    mtp: arch.mtpLayers > 0,
    kvCache: {
      bytesPerToken: kvElementsPerToken(arch) * kvElementBytes(parts.dtype),
      mhaBytesPerToken: ownMhaElementsPerToken(arch) * kvElementBytes(parts.dtype),
    },
  };
}

/** A checkpoint whose folder holds this file says itself that its weights are random. */
export const RANDOM_MARKER = 'RANDOM_WEIGHTS';

function panelsOfThisCpu(): Panels | undefined {
  const { avx2, amxBf16, neon } = nativeInfo();
  if (amxBf16) return 'compact';
  return avx2 || neon ? 'plain' : undefined;
}

function isaName(device: Device): string {
  if (device.kind === 'cuda') return `sm_${device.gpu.computeCapability}`;
  const { avx2, avx512, avx512Bf16, amxBf16, neon } = nativeInfo();
  if (amxBf16) return 'amx-bf16';
  if (avx512Bf16) return 'avx512-bf16';
  if (avx512) return 'avx512';
  if (avx2) return 'avx2';
  return neon ? 'neon' : 'scalar';
}

function positiveInteger(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new EvalrunError('usage/option', {
    what: `${name} is not usable`,
    expected: 'a positive whole number',
    found: String(value),
  });
}
