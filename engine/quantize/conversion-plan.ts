/** What becomes of every tensor of a checkpoint that is converted to or from block-scaled FP8, decided from the headers. */
import path from 'node:path';
import { EvalrunError } from '../../errors.js';
import type { ArchSpec } from '../arch-spec.js';
import { type ExpectedTensor, expectedTensors, type ModelPart } from '../architectures/expected-tensors.js';
import { type Checkpoint, openCheckpoint } from '../checkpoint/checkpoint.js';
import { SCALE_SUFFIX, UNKNOWN_TENSOR } from '../checkpoint/match-tensors.js';
import { DTYPE_BYTES } from '../checkpoint/safetensors-header.js';
import { type LocatedTensor, readWeightFiles, type WeightFiles } from '../checkpoint/weight-files.js';
import type { TensorPlan } from '../safetensors-writer.js';
import { BLOCK } from './quantize-strip.js';

/** How the linear weights are to be stored. */
export type WeightStorage = 'fp8' | 'bf16';

export interface PlannedTensor {
  readonly action: 'copy' | 'quantize' | 'dequantize';
  readonly source: LocatedTensor;
  /** Of an FP8 weight; it may lie in another file. */
  readonly scale?: LocatedTensor;
  /** Undefined for a tensor that the engine does not use: it is not searched for NaN either. */
  readonly part?: ModelPart;
}

export interface PlannedShard {
  /** In `Checkpoint.files`. */
  readonly file: number;
  readonly fileName: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order in which they lie in the file. */
  readonly tensors: readonly PlannedTensor[];
  readonly outputs: readonly TensorPlan[];
}

export interface ConversionPlan {
  readonly checkpoint: Checkpoint;
  readonly to: WeightStorage;
  readonly shards: readonly PlannedShard[];
  /** Modules that were to be kept as they are. */
  readonly kept: readonly string[];
  readonly notes: readonly string[];
}

export interface PlanOptions {
  /** Default: an FP8 checkpoint goes to bf16, every other one to fp8. */
  readonly to?: WeightStorage;
  /** Names of modules, or parts of them between dots, whose weights are not quantised: `kv_b_proj`, `layers.0`. */
  readonly keep?: readonly string[];
}

/**
 * @throws EvalrunError checkpoint/... or config/... for a checkpoint that the engine could not load (unknown tensors pass),
 *   usage/to when it is stored so already, usage/keep for a name that keeps nothing
 */
export function planConversion(folder: string, { to, keep = [] }: PlanOptions = {}): ConversionPlan {
  const checkpoint = openCheckpoint(folder, { unknownTensors: 'ignore' });
  const files = readWeightFiles(checkpoint.folder);
  const isFp8 = [...files.tensors.values()].some(({ dtype }) => dtype === 'F8_E4M3');
  const target = to ?? (isFp8 ? 'bf16' : 'fp8');
  if (isFp8 !== (target === 'bf16')) {
    throw new EvalrunError('usage/to', {
      what: `${folder} cannot be converted to ${target}`,
      expected: target === 'fp8' ? 'a BF16, F16 or F32 checkpoint' : 'an FP8 checkpoint',
      found: isFp8 ? 'FP8 weights' : 'no FP8 weights',
    });
  }
  if (target === 'bf16' && keep.length > 0) {
    throw new EvalrunError('usage/keep', { what: 'Only a conversion to fp8 can keep weights as they are' });
  }
  const expected = new Map(expectedTensors(checkpoint.arch).map((tensor) => [tensor.name, tensor]));
  const kept = keptModules([...expected.values()], keep);
  const plan = (tensor: LocatedTensor) =>
    target === 'fp8' ? toFp8(tensor, expected, kept) : toBf16(tensor, expected, files.tensors);
  const shards = files.headers.map(({ path: file, metadata, tensors }, at) => {
    const planned = tensors.flatMap(({ name }) => plan(files.tensors.get(name) as LocatedTensor));
    return { file: at, fileName: path.basename(file), metadata, tensors: planned, outputs: outputsOf(planned) };
  });
  const empty = shards.filter(({ outputs }) => outputs.length === 0).map(({ fileName }) => fileName);
  return {
    checkpoint,
    to: target,
    shards: shards.filter(({ outputs }) => outputs.length > 0),
    kept: [...kept],
    notes: [
      ...checkpoint.notes,
      ...copiedNotes(checkpoint, files),
      ...empty.map((name) => `${name} holds scales only and is not needed any more`),
    ],
  };
}

function keptModules(expected: readonly ExpectedTensor[], keep: readonly string[]): Set<string> {
  const modules = expected.filter(({ quantizable }) => quantizable).map(({ name }) => name.replace(/\.weight$/, ''));
  const kept = keep.flatMap((part) => {
    const found = modules.filter((module) => `.${module}.`.includes(`.${part}.`));
    if (found.length > 0) return found;
    throw new EvalrunError('usage/keep', {
      what: `No weight that would be quantised belongs to "${part}"`,
      expected: 'the name of a module or a part of it between dots',
      todo: `the first such module is ${modules[0]}`,
    });
  });
  return new Set(modules.filter((module) => kept.includes(module)));
}

function toFp8(
  source: LocatedTensor,
  expected: ReadonlyMap<string, ExpectedTensor>,
  kept: ReadonlySet<string>,
): PlannedTensor[] {
  const known = expected.get(source.name);
  if (known === undefined) return [{ action: 'copy', source }];
  const quantize = known.quantizable && !kept.has(source.name.replace(/\.weight$/, ''));
  return [{ action: quantize ? 'quantize' : 'copy', source, part: known.part }];
}

function toBf16(
  source: LocatedTensor,
  expected: ReadonlyMap<string, ExpectedTensor>,
  stored: WeightFiles['tensors'],
): PlannedTensor[] {
  const known = expected.get(source.name);
  const part = known === undefined ? {} : { part: known.part };
  if (source.dtype === 'F8_E4M3') {
    const scale = stored.get(source.name + SCALE_SUFFIX);
    return [
      scalesBlocksOf(source, scale)
        ? { action: 'dequantize', source, scale, ...part }
        : { action: 'copy', source, ...part },
    ];
  }
  const weight = source.name.endsWith(SCALE_SUFFIX)
    ? stored.get(source.name.slice(0, -SCALE_SUFFIX.length))
    : undefined;
  return weight !== undefined && scalesBlocksOf(weight, source) ? [] : [{ action: 'copy', source, ...part }];
}

/** Always so for a weight that the engine uses (openCheckpoint), not for tensors that it does not know. */
function scalesBlocksOf(weight: LocatedTensor, scale: LocatedTensor | undefined): scale is LocatedTensor {
  if (scale === undefined || weight.dtype !== 'F8_E4M3' || weight.shape.length !== 2) return false;
  if (scale.dtype !== 'F32' && scale.dtype !== 'BF16') return false;
  const shape = weight.shape.map((size) => Math.ceil(size / BLOCK));
  return scale.shape.length === 2 && shape.every((size, axis) => size === scale.shape[axis]);
}

/** Wide types first, so that all data is aligned, as the format's own library orders them. */
function outputsOf(planned: readonly PlannedTensor[]): TensorPlan[] {
  const outputs = planned.flatMap(({ action, source: { name, dtype, shape } }): Required<TensorPlan>[] => {
    if (action === 'copy') return [{ name, dtype, shape }];
    if (action === 'dequantize') return [{ name, dtype: 'BF16', shape }];
    const blocks = shape.map((size) => Math.ceil(size / BLOCK));
    return [
      { name, dtype: 'F8_E4M3', shape },
      { name: name + SCALE_SUFFIX, dtype: 'F32', shape: blocks },
    ];
  });
  return outputs.sort((a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype]);
}

const MAX_NAMES_SHOWN = 3;

/** Tensors that nobody converts though they may hold linear weights: those are said, copies of the embedding are not. */
function copiedNotes({ ignored, arch }: Checkpoint, { tensors }: WeightFiles): string[] {
  const said = [
    [UNKNOWN_TENSOR, `which a ${arch.modelType} with this config.json does not have`],
    ['only the first MTP module is used', 'of MTP modules after the first'],
  ] as const;
  return said.flatMap(([rule, which]) => {
    const names = ignored
      .filter((tensor) => tensor.rule === rule && !isConverted(tensor.name, tensors))
      .map(({ name }) => name);
    if (names.length === 0) return [];
    const more = names.length > MAX_NAMES_SHOWN ? ` and ${names.length - MAX_NAMES_SHOWN} more` : '';
    const [noun, verb] = names.length === 1 ? ['tensor', 'is'] : ['tensors', 'are'];
    return [
      `${names.length} ${noun} ${which} ${verb} copied unchanged: ${names.slice(0, MAX_NAMES_SHOWN).join(', ')}${more}`,
    ];
  });
}

function isConverted(name: string, tensors: WeightFiles['tensors']): boolean {
  const weight = tensors.get(name.endsWith(SCALE_SUFFIX) ? name.slice(0, -SCALE_SUFFIX.length) : name);
  return weight !== undefined && scalesBlocksOf(weight, tensors.get(weight.name + SCALE_SUFFIX));
}

/** The weights that the engine takes as they are stored when it quantises at load: kv_b_proj of latent attention. */
export function keptAtLoad(arch: ArchSpec): string[] {
  return arch.attention.kind === 'mla' ? ['kv_b_proj'] : [];
}
