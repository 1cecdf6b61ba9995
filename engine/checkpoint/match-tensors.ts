/** Matches stored tensors with those the architecture expects: every one is used, ignored by a stated rule, or an error. */
import { EvalrunError } from '../../errors.js';
import type { ArchSpec } from '../arch-spec.js';
import { type ExpectedTensor, expectedTensors } from '../architectures/expected-tensors.js';
import type { LocatedTensor } from './weight-files.js';

export type WeightDType = 'F32' | 'F16' | 'BF16' | 'F8_E4M3';
const WEIGHT_DTYPES: readonly string[] = ['F32', 'F16', 'BF16', 'F8_E4M3'];

/** A tensor's place in the checkpoint's files. */
export interface TensorPlace<DType extends string = WeightDType> {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Place of the file in Checkpoint.files. */
  readonly file: number;
  /** First byte, from the start of the file; aligned to nothing in particular. */
  readonly offset: number;
  readonly bytes: number;
}

export interface CheckpointTensor extends TensorPlace {
  /** `<name>_scale_inv` of an F8_E4M3 weight, [ceil(out/128), ceil(in/128)]: value = code * scale of its block. */
  readonly scale?: TensorPlace<'F32' | 'BF16'>;
}

export interface IgnoredTensor {
  readonly name: string;
  readonly rule: string;
}

export interface MatchedTensors {
  /** In the order of expectedTensors(arch). */
  readonly tensors: readonly CheckpointTensor[];
  readonly ignored: readonly IgnoredTensor[];
}

export interface MatchOptions {
  /** The architecture, with an MTP module only if the checkpoint has it. */
  readonly arch: ArchSpec;
  /** MTP modules that config.json declares; those after the first are ignored. */
  readonly declaredMtpModules: number;
  /** For messages. */
  readonly folder: string;
  /** What to do with a tensor that the architecture does not have; default error. */
  readonly unknownTensors?: 'error' | 'ignore';
}

/** The rule for tensors that the architecture does not have, where they may be ignored. */
export const UNKNOWN_TENSOR = 'the architecture has no such tensor';

/** An F8_E4M3 weight's scales are named after it. */
export const SCALE_SUFFIX = '_scale_inv';

/**
 * @throws EvalrunError checkpoint/missing-tensor, checkpoint/unknown-tensor, checkpoint/shape, checkpoint/dtype or
 *   checkpoint/scale, naming the tensor
 */
export function matchTensors(stored: ReadonlyMap<string, LocatedTensor>, options: MatchOptions): MatchedTensors {
  const expected = expectedTensors(options.arch);
  const missing = expected.filter(({ name }) => !stored.has(name));
  if (missing.length > 0) {
    throw new EvalrunError('checkpoint/missing-tensor', {
      what: `${options.folder} lacks ${missing.length} of the ${expected.length} tensors of a ${options.arch.modelType} with its config.json; the first is ${missing[0]?.name}`,
      todo: 'check that all files are there and that config.json belongs to them',
    });
  }
  const used = new Set<string>();
  const tensors = expected.map((want) => {
    const tensor = matchOne(want, stored, options);
    used.add(tensor.name);
    if (tensor.scale !== undefined) used.add(tensor.scale.name);
    return tensor;
  });
  const ignored: IgnoredTensor[] = [];
  for (const name of stored.keys()) {
    if (!used.has(name)) ignored.push({ name, rule: ignoreRule(name, stored, options) });
  }
  return { tensors, ignored };
}

function matchOne(
  want: ExpectedTensor,
  stored: ReadonlyMap<string, LocatedTensor>,
  { arch }: MatchOptions,
): CheckpointTensor {
  const tensor = stored.get(want.name) as LocatedTensor;
  if (!sameShape(tensor.shape, want.shape)) {
    throw new EvalrunError('checkpoint/shape', {
      what: `Tensor ${want.name} does not have the shape that config.json asks for`,
      expected: `[${want.shape.join(', ')}]`,
      found: `[${tensor.shape.join(', ')}]`,
    });
  }
  const allowed = want.quantizable ? WEIGHT_DTYPES : WEIGHT_DTYPES.filter((dtype) => dtype !== 'F8_E4M3');
  if (!allowed.includes(tensor.dtype)) {
    throw new EvalrunError('checkpoint/dtype', {
      what: `Tensor ${want.name} has a dtype that evalrun does not read here`,
      expected: allowed.join(', '),
      found: tensor.dtype,
    });
  }
  const place = tensor as LocatedTensor & { dtype: WeightDType };
  if (place.dtype !== 'F8_E4M3') return placeOf(place);
  return { ...placeOf(place), scale: matchScale(place, stored, arch) };
}

function matchScale(
  weight: LocatedTensor,
  stored: ReadonlyMap<string, LocatedTensor>,
  arch: ArchSpec,
): TensorPlace<'F32' | 'BF16'> {
  if (arch.weightQuantization === null) {
    throw new EvalrunError('checkpoint/scale', {
      what: `Tensor ${weight.name} is F8_E4M3, but config.json has no quantization_config that gives its block size`,
    });
  }
  const name = weight.name + SCALE_SUFFIX;
  const scale = stored.get(name);
  if (scale === undefined) {
    throw new EvalrunError('checkpoint/scale', {
      what: `Tensor ${weight.name} is F8_E4M3 without its scales`,
      expected: `a tensor ${name}`,
    });
  }
  if (scale.dtype !== 'F32' && scale.dtype !== 'BF16') {
    throw new EvalrunError('checkpoint/dtype', {
      what: `Tensor ${name} has a dtype that scales cannot have`,
      expected: 'F32 or BF16',
      found: scale.dtype,
    });
  }
  const shape = weight.shape.map((size, axis) => Math.ceil(size / (arch.weightQuantization?.block[axis] as number)));
  if (!sameShape(scale.shape, shape)) {
    throw new EvalrunError('checkpoint/shape', {
      what: `Tensor ${name} does not have one scale per block of 128x128, the last ones partial`,
      expected: `[${shape.join(', ')}]`,
      found: `[${scale.shape.join(', ')}]`,
    });
  }
  return placeOf({ ...scale, dtype: scale.dtype });
}

/** The rule by which an unused tensor may be left out. @throws EvalrunError when there is none */
function ignoreRule(
  name: string,
  stored: ReadonlyMap<string, LocatedTensor>,
  { arch, declaredMtpModules, folder, unknownTensors = 'error' }: MatchOptions,
): string {
  if (/(^|\.)rotary_emb\.(inv_freq|cos_cached|sin_cached)$/.test(name))
    return 'rotary tables are computed from config.json';
  if (arch.tiedHead && name === 'lm_head.weight') return 'the head is tied to the embedding';
  const mtpLayer = Number(/^model\.layers\.(\d+)\./.exec(name)?.[1] ?? -1) - arch.layers;
  if (
    mtpLayer === 0 &&
    arch.mtpLayers > 0 &&
    /^model\.layers\.\d+\.(embed_tokens|shared_head\.head)\.weight$/.test(name)
  ) {
    return "the MTP module's copy of the main embedding or head";
  }
  if (mtpLayer >= arch.mtpLayers && mtpLayer < declaredMtpModules) return 'only the first MTP module is used';
  if (name.endsWith(SCALE_SUFFIX)) {
    const weight = stored.get(name.slice(0, -SCALE_SUFFIX.length));
    if (unknownTensors === 'ignore' && weight?.dtype === 'F8_E4M3') return UNKNOWN_TENSOR;
    throw new EvalrunError('checkpoint/scale', {
      what: `Tensor ${name} scales ${weight === undefined ? 'a weight that is not there' : `a weight that is ${weight.dtype}`}`,
      expected: 'scales for F8_E4M3 weights only',
    });
  }
  if (unknownTensors === 'ignore') return UNKNOWN_TENSOR;
  throw new EvalrunError('checkpoint/unknown-tensor', {
    what: `${folder} holds tensor ${name}, which a ${arch.modelType} with its config.json does not have`,
    expected: 'every tensor to be known, since one that is left out would change the scores',
    todo: 'check that config.json belongs to these files',
  });
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function placeOf<DType extends string>({
  name,
  dtype,
  shape,
  file,
  offset,
  bytes,
}: TensorPlace<DType>): TensorPlace<DType> {
  return { name, dtype, shape, file, offset, bytes };
}
