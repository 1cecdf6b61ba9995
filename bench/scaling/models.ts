/** Llama shapes of many sizes with random weights, made when they are needed. */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { countParameters } from '../../engine/accounting/parameters.js';
import { archSpecOf } from '../../engine/architectures/registry.js';
import { syntheticShape } from '../../engine/benchmark/shapes.js';
import { writeSyntheticCheckpoint } from '../../engine/benchmark/synthetic-checkpoint.js';
import { packageRoot } from '../../package-root.js';

interface Size {
  /** C; heads are 64 wide, four of them share keys and values. */
  readonly width: number;
  readonly layers: number;
}

export const SIZES: readonly Size[] = [
  { width: 256, layers: 4 },
  { width: 512, layers: 8 },
  { width: 1024, layers: 12 },
  { width: 2048, layers: 8 },
  { width: 2048, layers: 22 },
];

/** Of the axes on which the model stays the same. */
export const MIDDLE: Size = { width: 512, layers: 8 };

/** Small enough to be asked all of MMLU in minutes. */
export const SMALL: Size = { width: 128, layers: 2 };

export interface MadeModel {
  readonly folder: string;
  readonly parameters: number;
}

/** Writes the checkpoint below `scratch` unless it is there. It gets the tokenizer of the model in the box, whose vocabulary it has. */
export function makeModel(scratch: string, { width, layers }: Size): MadeModel {
  const nano = path.join(packageRoot, 'models', 'nano');
  const { vocab_size } = JSON.parse(readFileSync(path.join(nano, 'config.json'), 'utf8')) as { vocab_size: number };
  const heads = width / 64;
  const config = {
    ...syntheticShape('llama-1b').config,
    vocab_size,
    hidden_size: width,
    intermediate_size: width * 2.75,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: Math.max(1, heads / 4),
  };
  const folder = path.join(scratch, `llama-${width}-${layers}`);
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
    writeSyntheticCheckpoint(folder, config);
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
      copyFileSync(path.join(nano, file), path.join(folder, file));
    }
  }
  const { parts } = countParameters(archSpecOf(config));
  return { folder, parameters: parts.reduce((sum, { total }) => sum + total, 0) };
}
