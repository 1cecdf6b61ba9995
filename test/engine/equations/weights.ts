/** The weights of one checkpoint by published name, and products with them. */
import { type Details, PUBLISHED } from './details.js';
import type { PublishedConfig } from './published-config.js';
import { quantizeBlocks, quantizeRow } from './quantize.js';
import { plus, product, type Row } from './vectors.js';

export type StorageFormat = 'bf16' | 'f16' | 'f32' | 'e4m3';

export interface Tensor {
  /** One dimension for vectors, two for matrices. */
  readonly shape: readonly number[];
  readonly format: StorageFormat;
  /** What the stored numbers mean: a matrix's rows, or one row for a vector. */
  readonly rows: readonly Row[];
}

export interface Checkpoint {
  readonly config: PublishedConfig;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Weights as stored and exact activations, or the W8A8 arithmetic of block-scaled FP8. */
export type Arithmetic = 'weights only' | 'w8a8';

/** What was quantised once, by the details that the result depends on. */
const quantized = new WeakMap<Tensor, Map<string, readonly Row[]>>();

/** A checkpoint together with the arithmetic and the details to compute it with. */
export class Weights {
  readonly config: PublishedConfig;
  readonly details: Details;
  readonly arithmetic: Arithmetic;
  private readonly tensors: ReadonlyMap<string, Tensor>;

  constructor(checkpoint: Checkpoint, options: { arithmetic?: Arithmetic; details?: Partial<Details> } = {}) {
    this.config = checkpoint.config;
    this.tensors = checkpoint.tensors;
    this.arithmetic = options.arithmetic ?? 'weights only';
    this.details = { ...PUBLISHED, ...options.details };
  }

  vector(name: string): Row {
    return this.tensor(name).rows[0] as Row;
  }

  matrix(name: string): readonly Row[] {
    return this.tensor(name).rows;
  }

  /** x W^T + bias for a product that FP8 leaves alone: router, kv_b, eh_proj, head. `name` is without '.weight'. */
  linear(name: string, x: Row): Row {
    return this.withBias(name, product(this.matrix(`${name}.weight`), x));
  }

  /** x W^T + bias for a product that W8A8 computes on e4m3 operands. */
  quantizedLinear(name: string, x: Row): Row {
    if (this.arithmetic === 'weights only') return this.linear(name, x);
    return this.withBias(name, product(this.quantizedMatrix(`${name}.weight`), quantizeRow(x, this.details)));
  }

  /** Stored e4m3 weights are taken as they are, all others are quantised as a load does it. */
  private quantizedMatrix(name: string): readonly Row[] {
    const tensor = this.tensor(name);
    if (tensor.format === 'e4m3') return tensor.rows;
    const { ties, divide } = this.details;
    const known = quantized.get(tensor) ?? new Map<string, readonly Row[]>();
    quantized.set(tensor, known);
    const rows = known.get(`${ties}, ${divide}`) ?? quantizeBlocks(tensor.rows, this.details).values;
    known.set(`${ties}, ${divide}`, rows);
    return rows;
  }

  private withBias(name: string, y: Row): Row {
    const bias = this.details.useBiases ? this.tensors.get(`${name}.bias`)?.rows[0] : undefined;
    return bias === undefined ? y : plus(y, bias);
  }

  private tensor(name: string): Tensor {
    const found = this.tensors.get(name);
    if (found === undefined) throw new Error(`the checkpoint has no ${name}`);
    return found;
  }
}
