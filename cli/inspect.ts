/** `evalrun inspect MODEL`: what a model is, what it costs and what of it fits here, from its config.json alone. */
import { existsSync, statSync } from 'node:fs';
import { freemem } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { type FlopsPerToken, flopsPerToken } from '../engine/accounting/flops.js';
import { type KvCacheCosts, kvCacheCosts } from '../engine/accounting/kv-cache.js';
import { countParameters, type ParameterCounts } from '../engine/accounting/parameters.js';
import { type MemoryFit, memoryFit, type WeightBytes, weightBytes } from '../engine/accounting/weight-memory.js';
import type { ArchSpec } from '../engine/arch-spec.js';
import { expectedTensors } from '../engine/architectures/expected-tensors.js';
import type { RawConfig } from '../engine/architectures/family.js';
import { archSpecOf } from '../engine/architectures/registry.js';
import { type Checkpoint, openCheckpoint } from '../engine/checkpoint/checkpoint.js';
import { checkpointName } from '../engine/checkpoint/checkpoint-name.js';
import { readJsonObject } from '../engine/checkpoint/json-file.js';
import { hasWeightFiles } from '../engine/checkpoint/weight-files.js';
import { gpuName } from '../engine/device.js';
import type { DType } from '../engine/engine.js';
import { fitsGpu, type GpuMemoryPlan, gpuMemoryPlan, type PlannedTensor } from '../engine/gpu-memory-plan.js';
import { cudaInfo, type GpuInfo } from '../engine/native.js';
import { DTYPES, isFp8, numericsOf } from '../engine/numerics.js';
import { EvalrunError } from '../errors.js';
import { renderInspection } from './inspect-report.js';
import { cachedModelFolder } from './model-folder.js';

/** What the checkpoint's files hold, where there are any. */
export interface InspectedFiles {
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Per stored dtype, scales apart from weights. */
  readonly dtypes: readonly { readonly dtype: string; readonly tensors: number; readonly bytes: number }[];
  readonly ignored: readonly { readonly name: string; readonly rule: string }[];
  readonly notes: readonly string[];
}

export interface GpuFit {
  readonly dtype: DType;
  readonly fits: boolean;
  /** What the engine would take, part by part; with the fewest tokens of KV cache where it does not fit. */
  readonly plan: GpuMemoryPlan;
}

/** Everything inspect knows; --json prints it as it is. Counts and bytes are exact integers. */
export interface Inspection {
  readonly model: string;
  readonly arch: ArchSpec;
  readonly parameters: ParameterCounts;
  /** In BF16. */
  readonly kvCache: KvCacheCosts;
  readonly flopsPerToken: FlopsPerToken;
  readonly weightBytes: Readonly<Record<DType, WeightBytes>>;
  readonly availableBytes: number;
  readonly fits: readonly MemoryFit[];
  /** One for each GPU that can be used and each precision. */
  readonly gpus: readonly GpuFit[];
  /** Null where the folder holds a config.json and no weights. */
  readonly checkpoint: InspectedFiles | null;
}

/**
 * Inspects a model folder, or the folder of a config.json. Headers of weight files that are there are checked, weights are not read.
 *
 * @param availableBytes memory to fit the model into; default what this process may still use
 * @param gpus to fit the model into as well
 * @throws EvalrunError config/... or checkpoint/... when something is wrong with the files
 */
export function inspectModel(
  model: string,
  availableBytes = availableMemory(),
  gpus: readonly GpuInfo[] = [],
): Inspection {
  const folder = modelFolder(model);
  const checkpoint = hasWeightFiles(folder) ? openCheckpoint(folder) : null;
  const config: RawConfig = checkpoint?.config ?? readJsonObject(path.join(folder, 'config.json'), 'config/file');
  const arch = checkpoint?.arch ?? archSpecOf(config);
  return {
    model: checkpointName(folder),
    arch,
    parameters: countParameters(arch),
    kvCache: kvCacheCosts(arch),
    flopsPerToken: flopsPerToken(arch),
    weightBytes: Object.fromEntries(
      DTYPES.map((dtype) => [dtype, weightBytes(arch, dtype)]),
    ) as Inspection['weightBytes'],
    availableBytes,
    fits: DTYPES.map((dtype) => memoryFit(arch, dtype, availableBytes)),
    gpus: gpus
      .filter(({ reason }) => reason === '')
      .flatMap((gpu) => DTYPES.map((dtype) => gpuFit(gpu, dtype, arch, checkpoint))),
    checkpoint: checkpoint && inspectFiles(checkpoint),
  };
}

function gpuFit(gpu: GpuInfo, dtype: DType, arch: ArchSpec, checkpoint: Checkpoint | null): GpuFit {
  const tensors = checkpoint?.tensors ?? tensorsStoredAs(dtype, arch);
  const options = { numerics: numericsOf(dtype), gpu: { ...gpu, name: gpuName(gpu) } };
  const plan = gpuMemoryPlan({ arch, tensors }, options);
  return { dtype, fits: fitsGpu(plan), plan };
}

/** The tensors of a checkpoint in this precision, as DeepSeek's are: in fp8 all but embedding, head, norms and router are quantised. */
function tensorsStoredAs(dtype: DType, arch: ArchSpec): PlannedTensor[] {
  const plain = dtype === 'f32' ? 'F32' : 'BF16';
  return expectedTensors(arch).map(({ name, shape, quantizable }) => ({
    name,
    shape,
    dtype: isFp8(dtype) && quantizable ? 'F8_E4M3' : plain,
  }));
}

function modelFolder(model: string): string {
  const folder = existsSync(model) && statSync(model).isFile() ? path.dirname(model) : model;
  if (model !== folder && path.basename(model) !== 'config.json') {
    throw new EvalrunError('usage/model', {
      what: `${model} is a file`,
      expected: 'a model folder or its config.json',
    });
  }
  if (!existsSync(path.join(folder, 'config.json'))) {
    throw new EvalrunError('usage/model', {
      what: `${model} is not a model`,
      expected: 'a folder with a config.json',
      found: existsSync(folder) ? 'a folder without one' : 'nothing there',
      todo: 'give the path of a checkpoint folder in Hugging Face layout',
    });
  }
  return folder;
}

function inspectFiles({ files, tensors, ignored, notes }: Checkpoint): InspectedFiles {
  const byDType = new Map<string, { tensors: number; bytes: number }>();
  const count = (dtype: string, bytes: number): void => {
    const sum = byDType.get(dtype) ?? { tensors: 0, bytes: 0 };
    byDType.set(dtype, { tensors: sum.tensors + 1, bytes: sum.bytes + bytes });
  };
  for (const tensor of tensors) {
    count(tensor.dtype, tensor.bytes);
    if (tensor.scale !== undefined) count(`${tensor.scale.dtype} scales`, tensor.scale.bytes);
  }
  return {
    files: files.map((file) => ({ name: path.basename(file.path), bytes: file.size })),
    dtypes: [...byDType].map(([dtype, sum]) => ({ dtype, ...sum })),
    ignored,
    notes,
  };
}

/** Bytes this process may still take: the control group's limit where there is one, else the machine's free memory. */
function availableMemory(): number {
  const { availableMemory: ask } = process as { availableMemory?: () => number };
  // Node before 20.13 lacks process.availableMemory.
  return ask?.() ?? freemem();
}

/** None where the addon is not built: a config.json can be read without it. */
async function usableGpus(): Promise<readonly GpuInfo[]> {
  try {
    return (await cudaInfo()).gpus;
  } catch (error) {
    if (error instanceof EvalrunError && error.code === 'build/addon') return [];
    throw error;
  }
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('parameters, KV cache, memory and cost of a model, from its config.json alone')
    .argument('<model>', 'model folder, the path of its config.json, or org/name of a pulled model')
    .option('--json', 'print one JSON object with exact numbers')
    .action(async (model: string, options: { json?: boolean }) => {
      const inspection = inspectModel(await cachedModelFolder(model, 'config'), availableMemory(), await usableGpus());
      process.stdout.write(`${options.json ? JSON.stringify(inspection, null, 2) : renderInspection(inspection)}\n`);
    });
}
