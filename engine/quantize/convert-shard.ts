/** Converts one weight file some rows at a time, in memory that does not grow with the file or with a tensor's rows. */
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EvalrunError } from '../../errors.js';
import type { ModelPart } from '../architectures/expected-tensors.js';
import { SCALE_SUFFIX } from '../checkpoint/match-tensors.js';
import type { LocatedTensor } from '../checkpoint/weight-files.js';
import { SafetensorsWriter } from '../safetensors-writer.js';
import type { ConversionPlan, PlannedShard, PlannedTensor } from './conversion-plan.js';
import { dequantizeStrip } from './dequantize-strip.js';
import { type FloatDType, firstNonFinite, widen } from './float-bits.js';
import { GrowingBuffer } from './growing-buffer.js';
import { BLOCK, quantizeStrip } from './quantize-strip.js';
import { TensorFile } from './tensor-file.js';
import { addErrors, type ErrorSums, NO_ERROR, type WeightError, weightError } from './weight-error.js';

/** Weights that are read in one go; 128 rows where those are more. */
const CHUNK_ELEMENTS = 2 ** 20;
const COPY_BYTES = 2 ** 22;

export interface TensorReport extends WeightError {
  readonly name: string;
  readonly shape: readonly number[];
  /** `unknown` for a tensor that the engine does not use. */
  readonly part: ModelPart | 'unknown';
}

export interface ShardContext {
  readonly plan: ConversionPlan;
  /** Where the new file goes. */
  readonly folder: string;
  /** Told how many bytes were read, piece by piece; stops the conversion by throwing. */
  readonly onRead: (bytes: number) => void;
}

/**
 * Writes the shard's new file and returns the reports of its converted tensors.
 *
 * @throws EvalrunError checkpoint/non-finite naming the tensor, checkpoint/unreadable, run/unwritable
 */
export async function convertShard(shard: PlannedShard, context: ShardContext): Promise<TensorReport[]> {
  const { plan, folder } = context;
  const file = new TensorFile(filePath(plan, shard.file));
  try {
    const writer = new SafetensorsWriter(path.join(folder, shard.fileName), shard.outputs, shard.metadata);
    const conversion = new ShardConversion(file, writer, context);
    const reports: TensorReport[] = [];
    try {
      for (const tensor of shard.tensors) {
        const sums = await conversion.convert(tensor);
        const { name, shape } = tensor.source;
        if (sums !== undefined) reports.push({ name, shape, part: tensor.part ?? 'unknown', ...weightError(sums) });
      }
    } catch (error) {
      writer.abandon();
      throw error;
    }
    writer.close();
    return reports;
  } finally {
    file.close();
  }
}

function filePath(plan: ConversionPlan, file: number): string {
  return plan.checkpoint.files[file]?.path as string;
}

class ShardConversion {
  private readonly stored = new GrowingBuffer();
  private readonly wide = new GrowingBuffer();
  private readonly converted = new GrowingBuffer();

  constructor(
    private readonly file: TensorFile,
    private readonly writer: SafetensorsWriter,
    private readonly context: ShardContext,
  ) {}

  /** The error of a tensor that was converted, undefined for a copy. */
  async convert(tensor: PlannedTensor): Promise<ErrorSums | undefined> {
    if (tensor.action === 'copy') return this.copy(tensor);
    return tensor.action === 'quantize' ? this.quantize(tensor.source) : this.dequantize(tensor);
  }

  private async copy({ source, part }: PlannedTensor): Promise<undefined> {
    for (let done = 0; done < source.bytes; done += COPY_BYTES) {
      const piece = await this.read(source, done, Math.min(COPY_BYTES, source.bytes - done));
      // A tensor that the engine uses has one of these dtypes.
      const found = part === undefined ? -1 : firstNonFinite(source.dtype as FloatDType, piece);
      if (found >= 0) throw nonFinite(source.name, (done * elementsOf(source)) / source.bytes + found);
      this.writer.append(source.name, piece);
    }
  }

  private async quantize(source: LocatedTensor): Promise<ErrorSums> {
    let sums = NO_ERROR;
    const scaleColumns = Math.ceil(columnsOf(source) / BLOCK);
    for await (const { stored, rows, columns, first } of this.chunks(source)) {
      const weights = new Uint32Array(this.wide.take(4 * rows * columns).buffer, 0, rows * columns);
      widen(source.dtype as FloatDType, stored, weights);
      const codes = this.converted.take(rows * columns);
      const scales = new Float32Array(Math.ceil(rows / BLOCK) * scaleColumns);
      for (let row = 0; row < rows; row += BLOCK) {
        const height = Math.min(BLOCK, rows - row);
        const [begin, end] = [row * columns, (row + height) * columns];
        const result = quantizeStrip(
          { weights: weights.subarray(begin, end), rows: height, columns },
          codes.subarray(begin, end),
          scales.subarray((row / BLOCK) * scaleColumns),
        );
        if ('nonFinite' in result) throw nonFinite(source.name, (first + row) * columns + result.nonFinite);
        sums = addErrors(sums, result);
      }
      this.writer.append(source.name, codes);
      this.writer.append(source.name + SCALE_SUFFIX, scales);
    }
    return sums;
  }

  private async dequantize({ source, scale }: PlannedTensor): Promise<ErrorSums> {
    let sums = NO_ERROR;
    const scales = this.readScales(scale as LocatedTensor);
    const scaleColumns = Math.ceil(columnsOf(source) / BLOCK);
    for await (const { stored: codes, rows, columns, first } of this.chunks(source)) {
      const weights = new Uint16Array(this.converted.take(2 * rows * columns).buffer, 0, rows * columns);
      for (let row = 0; row < rows; row += BLOCK) {
        const height = Math.min(BLOCK, rows - row);
        const [begin, end] = [row * columns, (row + height) * columns];
        const firstScale = ((first + row) / BLOCK) * scaleColumns;
        const result = dequantizeStrip(
          { codes: codes.subarray(begin, end), scales: scales.subarray(firstScale), rows: height, columns },
          weights.subarray(begin, end),
        );
        if ('nonFinite' in result) throw nonFinite(source.name, (first + row) * columns + result.nonFinite);
        sums = addErrors(sums, result);
      }
      this.writer.append(source.name, weights);
    }
    return sums;
  }

  /** All scales of a weight, one float32 for 16,384 weights; they may lie in another file. */
  private readScales(scale: LocatedTensor): Float32Array {
    const { plan, onRead } = this.context;
    const stored = new Uint8Array(scale.bytes);
    const file = new TensorFile(filePath(plan, scale.file));
    try {
      file.read(scale.offset, stored);
    } finally {
      file.close();
    }
    onRead(scale.bytes);
    const found = firstNonFinite(scale.dtype as FloatDType, stored);
    if (found >= 0) throw nonFinite(scale.name, found);
    const bits = new Uint32Array(elementsOf(scale));
    widen(scale.dtype as FloatDType, stored, bits);
    return new Float32Array(bits.buffer);
  }

  /** A matrix in pieces of whole blocks of rows. */
  private async *chunks(source: LocatedTensor) {
    const [height, columns] = [source.shape[0] as number, columnsOf(source)];
    const rowBytes = source.bytes / height;
    const most = Math.max(1, Math.floor(CHUNK_ELEMENTS / columns / BLOCK)) * BLOCK;
    for (let first = 0; first < height; first += most) {
      const rows = Math.min(most, height - first);
      yield { stored: await this.read(source, first * rowBytes, rows * rowBytes), rows, columns, first };
    }
  }

  private async read(source: LocatedTensor, start: number, bytes: number): Promise<Uint8Array> {
    // Lets signals and the screen have their turn.
    await setImmediate();
    const buffer = this.stored.take(bytes);
    this.file.read(source.offset + start, buffer);
    this.context.onRead(bytes);
    return buffer;
  }
}

function columnsOf({ shape }: LocatedTensor): number {
  return shape[1] as number;
}

function elementsOf({ shape }: LocatedTensor): number {
  return shape.reduce((product, size) => product * size, 1);
}

function nonFinite(name: string, element: number): EvalrunError {
  return new EvalrunError('checkpoint/non-finite', {
    what: `The weights of ${name} are damaged`,
    expected: 'finite numbers',
    found: `NaN or infinity at element ${element}`,
    todo: 'download the checkpoint again',
  });
}
