/** The model that runs when none is named. */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writeRandomModel } from './random-model.js';

/** Raised whenever the random checkpoint's bytes change. */
const RANDOM_MODEL_VERSION = 1;

/** Folder of the default model; made on first use: a small seeded random checkpoint, until a trained one is in the box. */
export async function defaultModel(): Promise<string> {
  const folder = path.join(cacheFolder(), 'models', `random-deepseek-v3-${RANDOM_MODEL_VERSION}`);
  if (!existsSync(path.join(folder, 'config.json'))) {
    writeRandomModel(folder, 'These weights are random numbers. Scores of this model mean nothing.');
  }
  return folder;
}

function cacheFolder(): string {
  return path.join(process.env.HOME || os.homedir(), '.cache', 'evalrun');
}
