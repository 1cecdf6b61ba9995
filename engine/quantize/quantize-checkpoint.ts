/** Converts a checkpoint folder to DeepSeek's block-scaled FP8 layout, or such a folder back to BF16. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EvalrunError } from '../../errors.js';
import { isJsonObject, readJsonObject } from '../checkpoint/json-file.js';
import { DTYPE_BYTES } from '../checkpoint/safetensors-header.js';
import { withMember, withoutMember } from './config-text.js';
import { type ConversionPlan, type PlanOptions, planConversion, type WeightStorage } from './conversion-plan.js';
import { convertShard, type TensorReport } from './convert-shard.js';
import { copyOtherFiles } from './other-files.js';
import { writeWholeFolder } from './whole-folder.js';

export interface ConversionProgress {
  /** Bytes of weights read. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ConversionOptions extends PlanOptions {
  readonly onProgress?: (progress: ConversionProgress) => void;
  /** Lines that a person should see. */
  readonly onNotice?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface Conversion {
  readonly to: WeightStorage;
  /** Absolute. */
  readonly input: string;
  readonly output: string;
  /** Of the weight files. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Every converted tensor, in the order of the files. */
  readonly tensors: readonly TensorReport[];
  /** Modules kept as they are on request. */
  readonly kept: readonly string[];
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * Makes the folder `output`, whole or not at all, with the shards of `input` converted and all other files copied.
 *
 * @throws EvalrunError usage/to, usage/keep, usage/output, checkpoint/non-finite, run/unwritable, run/interrupted after
 *   `signal`, and those of openCheckpoint
 * @example const { tensors } = await quantizeCheckpoint('DeepSeek-V2-Lite', 'DeepSeek-V2-Lite-FP8');
 */
export async function quantizeCheckpoint(
  input: string,
  output: string,
  options: ConversionOptions = {},
): Promise<Conversion> {
  const plan = planConversion(input, options);
  const notice = options.onNotice ?? (() => {});
  const { folder, files } = plan.checkpoint;
  return writeWholeFolder(output, { apartFrom: folder, onNotice: notice }, async (scratch) => {
    for (const note of plan.notes) notice(note);
    const weightFiles = files.map((file) => path.basename(file.path));
    const leftOut = copyOtherFiles(folder, scratch, new Set([...weightFiles, INDEX, 'config.json']));
    if (leftOut.length > 0) notice(`not copied: ${leftOut.join(', ')}`);
    writeFileSync(path.join(scratch, 'config.json'), convertedConfig(plan));
    if (!weightFiles.includes(SINGLE)) writeFileSync(path.join(scratch, INDEX), convertedIndex(plan));
    return {
      to: plan.to,
      input: folder,
      output: path.resolve(output),
      inputBytes: sum(files.map(({ size }) => size)),
      tensors: await convertShards(plan, scratch, options),
      outputBytes: sum(plan.shards.map(({ fileName }) => statSync(path.join(scratch, fileName)).size)),
      kept: plan.kept,
    };
  });
}

async function convertShards(plan: ConversionPlan, folder: string, { onProgress, signal }: ConversionOptions) {
  const totalBytes = sum(plan.checkpoint.files.map(({ size, dataStart }) => size - dataStart));
  let doneBytes = 0;
  const onRead = (bytes: number): void => {
    if (signal?.aborted) throw new EvalrunError('run/interrupted', { what: 'The conversion was interrupted' });
    doneBytes += bytes;
    onProgress?.({ doneBytes, totalBytes });
  };
  const reports: TensorReport[][] = [];
  for (const shard of plan.shards) reports.push(await convertShard(shard, { plan, folder, onRead }));
  return reports.flat();
}

/** As DeepSeek-V3's config.json has it. */
const QUANTIZATION = {
  activation_scheme: 'dynamic',
  fmt: 'e4m3',
  quant_method: 'fp8',
  weight_block_size: [128, 128],
};

function convertedConfig({ checkpoint, to, kept }: ConversionPlan): string {
  const text = readFileSync(path.join(checkpoint.folder, 'config.json'), 'utf8');
  if (to === 'fp8') {
    // What Hugging Face's and vLLM's loaders read; without it they would look for the scales of those modules.
    const unquantized = kept.length > 0 ? { modules_to_not_convert: kept } : {};
    return withMember(text, 'quantization_config', { ...QUANTIZATION, ...unquantized });
  }
  const types = ['torch_dtype', 'dtype'].filter((key) => /float8/.test(String(checkpoint.config[key])));
  const config = types.reduce((changed, key) => withMember(changed, key, 'bfloat16'), text);
  return withoutMember(config, 'quantization_config');
}

/** The input's index with its own metadata, the new tensors and their size. */
function convertedIndex({ checkpoint, shards }: ConversionPlan): string {
  const { metadata } = readJsonObject(path.join(checkpoint.folder, INDEX), 'checkpoint/index');
  const bytes = shards.flatMap(({ outputs }) =>
    outputs.map(({ shape, dtype = 'F32' }) => shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype])),
  );
  const map = new Map(shards.flatMap(({ fileName, outputs }) => outputs.map(({ name }) => [name, fileName])));
  const index = {
    metadata: { ...(isJsonObject(metadata) ? metadata : {}), total_size: sum(bytes) },
    weight_map: Object.fromEntries([...map].sort(([a = ''], [b = '']) => (a < b ? -1 : 1))),
  };
  return `${JSON.stringify(index, null, 2)}\n`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
