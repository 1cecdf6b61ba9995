/** The FP8 twin of a checkpoint: made on first use, kept in the cache, never shipped. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../datasets/data-directory.js';
import { hashOf } from '../datasets/file-hash.js';
import { openCheckpoint } from '../engine/checkpoint/checkpoint.js';
import { checkpointName } from '../engine/checkpoint/checkpoint-name.js';
import { keptAtLoad } from '../engine/quantize/conversion-plan.js';
import { type ConversionOptions, quantizeCheckpoint } from '../engine/quantize/quantize-checkpoint.js';

/** Raised whenever the same checkpoint gives other bytes. */
const TWIN_VERSION = 1;

export interface TwinOptions extends Pick<ConversionOptions, 'onProgress' | 'onNotice' | 'signal'> {
  /** Default ~/.cache/evalrun. */
  readonly cache?: string;
}

/**
 * Folder of the FP8 twin of the BF16, F16 or F32 checkpoint in `folder`. Its logits are those of the checkpoint itself
 * with `--dtype fp8`, bit for bit: kv_b_proj stays as it is, as at load. Its name holds a hash over all files of the
 * checkpoint, each read once on every call.
 *
 * @throws EvalrunError as quantizeCheckpoint does
 * @example const engine = await loadEngine({ model: await fp8Twin(await defaultModel()) });
 */
export async function fp8Twin(folder: string, options: TwinOptions = {}): Promise<string> {
  const { cache = cacheFolder(), ...rest } = options;
  const { arch } = openCheckpoint(folder);
  const name = checkpointName(folder).replaceAll('/', '--');
  const twin = path.join(cache, 'models', `${name}-fp8-${await hashOfFolder(folder)}`);
  if (existsSync(path.join(twin, 'config.json'))) return twin;
  try {
    await quantizeCheckpoint(folder, twin, { ...rest, to: 'fp8', keep: keptAtLoad(arch) });
  } catch (error) {
    // Another process was faster; the folder appears whole.
    if (!existsSync(path.join(twin, 'config.json'))) throw error;
  }
  return twin;
}

async function hashOfFolder(folder: string): Promise<string> {
  const hash = createHash('sha256').update(`${TWIN_VERSION}\n`);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  for (const name of names) {
    const file = path.join(folder, name);
    if (statSync(file).isFile()) hash.update(`${name} ${await hashOf(file)}\n`);
  }
  return hash.digest('hex').slice(0, 12);
}
