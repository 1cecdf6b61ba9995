/** Finds the safetensors files of a folder and reads their headers: one file, or shards with an index. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { EvalrunError } from '../../errors.js';
import { isJsonObject, readJsonObject } from './json-file.js';
import { readSafetensorsHeader } from './safetensors.js';
import type { SafetensorsHeader, StoredTensor } from './safetensors-header.js';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

export interface WeightFiles {
  readonly headers: readonly SafetensorsHeader[];
  /** By tensor name: the entry and the place of its file in `headers`. */
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
  /** What was left aside, for a person. */
  readonly notes: readonly string[];
}

export interface LocatedTensor extends StoredTensor {
  readonly file: number;
}

/** The folder at `folder`, resolved. @throws EvalrunError checkpoint/not-found */
export function requireFolder(folder: string): string {
  const resolved = path.resolve(folder);
  if (!existsSync(resolved)) {
    throw new EvalrunError('checkpoint/not-found', {
      what: `There is no folder ${folder}`,
      expected: 'a checkpoint folder with config.json and safetensors files',
      todo: 'download the checkpoint and give the path of its folder',
    });
  }
  if (!statSync(resolved).isDirectory()) {
    throw new EvalrunError('checkpoint/not-found', {
      what: `${folder} is not a folder`,
      expected: 'a checkpoint folder with config.json and safetensors files',
    });
  }
  return resolved;
}

/** Whether the folder holds weights in the layout that readWeightFiles reads. */
export function hasWeightFiles(folder: string): boolean {
  return existsSync(path.join(folder, SINGLE)) || existsSync(path.join(folder, INDEX));
}

/**
 * Headers of the checkpoint's files. With both model.safetensors and an index, the single file is taken, as
 * transformers does.
 *
 * @throws EvalrunError checkpoint/no-weights, checkpoint/index, checkpoint/duplicate, or a header's error
 */
export function readWeightFiles(folder: string): WeightFiles {
  const present = readdirSync(folder);
  const single = present.includes(SINGLE);
  const sharded = present.includes(INDEX);
  if (!single && !sharded) throw noWeights(folder, present);
  const index = single ? undefined : readIndex(folder);
  const names = index === undefined ? [SINGLE] : [...new Set(index.values())].sort();
  const headers = names.map((name) => {
    const file = path.join(folder, name);
    if (!existsSync(file)) {
      throw new EvalrunError('checkpoint/not-found', {
        what: `${file} is missing`,
        expected: `the ${names.length} files that ${INDEX} names`,
        todo: 'fetch the missing file',
      });
    }
    return readSafetensorsHeader(file);
  });
  const tensors = locate(headers);
  if (index !== undefined) checkIndex(folder, index, names, tensors);
  const unused = present.filter((name) => name.endsWith('.safetensors') && !names.includes(name));
  const notes = unused.map((name) => `${name} is not part of the checkpoint and was not read`);
  if (single && sharded) notes.push(`${INDEX} was not read, as ${SINGLE} is there`);
  return { headers, tensors, notes };
}

function noWeights(folder: string, present: readonly string[]): EvalrunError {
  const weights = present.filter((name) => /\.(bin|gguf|pth?|safetensors|onnx|npz|msgpack|h5)$/.test(name));
  const shown = weights.slice(0, 3).join(', ') + (weights.length > 3 ? ` and ${weights.length - 3} more` : '');
  return new EvalrunError('checkpoint/no-weights', {
    what: `${folder} holds no weights that evalrun reads`,
    expected: `${SINGLE}, or ${INDEX} with its shards`,
    found: weights.length === 0 ? 'no weights at all' : shown,
    todo:
      weights.length === 0
        ? 'check the folder'
        : 'fetch the model in safetensors format, or convert it with save_pretrained',
  });
}

function readIndex(folder: string): Map<string, string> {
  const file = path.join(folder, INDEX);
  const { weight_map: weightMap } = readJsonObject(file, 'checkpoint/index');
  if (!isJsonObject(weightMap) || Object.keys(weightMap).length === 0) {
    throw new EvalrunError('checkpoint/index', {
      what: `${file} has no weight_map`,
      expected: 'an object from tensor names to file names',
    });
  }
  const map = new Map<string, string>();
  for (const [tensor, name] of Object.entries(weightMap)) {
    // A bare name only: the folder's files may be links into a cache, but the index must not choose where to read.
    if (typeof name !== 'string' || !/^[^/\\\0]+\.safetensors$/.test(name)) {
      throw new EvalrunError('checkpoint/index', {
        what: `${file} places tensor ${JSON.stringify(tensor)} outside the folder or in no safetensors file`,
        expected: 'the bare name of a .safetensors file',
        found: JSON.stringify(name),
      });
    }
    map.set(tensor, name);
  }
  return map;
}

function locate(headers: readonly SafetensorsHeader[]): Map<string, LocatedTensor> {
  const tensors = new Map<string, LocatedTensor>();
  headers.forEach((header, file) => {
    for (const tensor of header.tensors) {
      const other = tensors.get(tensor.name);
      if (other !== undefined) {
        throw new EvalrunError('checkpoint/duplicate', {
          what: `Tensor ${JSON.stringify(tensor.name)} is in two files, ${headers[other.file]?.path} and ${header.path}`,
          expected: 'each tensor once',
        });
      }
      tensors.set(tensor.name, { ...tensor, file });
    }
  });
  return tensors;
}

function checkIndex(
  folder: string,
  index: ReadonlyMap<string, string>,
  names: readonly string[],
  tensors: ReadonlyMap<string, LocatedTensor>,
): void {
  const file = path.join(folder, INDEX);
  for (const [tensor, name] of index) {
    const located = tensors.get(tensor);
    if (located === undefined || names[located.file] !== name) {
      throw new EvalrunError('checkpoint/index', {
        what: `${file} places tensor ${JSON.stringify(tensor)} in ${name}`,
        expected: 'it to be there',
        found: located === undefined ? 'it in none of the files' : `it in ${names[located.file]}`,
      });
    }
  }
  for (const [tensor, located] of tensors) {
    if (index.has(tensor)) continue;
    throw new EvalrunError('checkpoint/index', {
      what: `${names[located.file]} holds tensor ${JSON.stringify(tensor)}, which ${file} does not name`,
      expected: 'an index of all tensors',
    });
  }
}
