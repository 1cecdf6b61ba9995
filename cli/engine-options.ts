/** Options that every command which opens an engine shares. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEVICE_OPTIONS, type DeviceOption, isDeviceOption } from '../engine/device.js';
import type { DType } from '../engine/engine.js';
import type { EngineOptions } from '../engine/load-engine.js';
import { DTYPES } from '../engine/numerics.js';

export interface EngineFlags {
  readonly dtype?: DType;
  readonly device: DeviceOption;
  readonly threads?: number;
  readonly batchTokens?: number;
}

export function dtypeOption(): Option {
  return new Option(
    '--dtype <dtype>',
    'precision of the products (default: as the checkpoint is stored); fp8 rounds nothing else, fp8-bf16 the rest to BF16, as engines for serving do',
  ).choices(DTYPES);
}

export function addEngineFlags(command: Command, defaultDType?: DType): Command {
  const dtype = dtypeOption();
  return command
    .addOption(defaultDType === undefined ? dtype : dtype.default(defaultDType))
    .option('--device <device>', `where to compute: ${DEVICE_OPTIONS}`, deviceOption, 'auto' as const)
    .option('--threads <n>', 'CPU threads (default: as many as cores may be kept busy)', positiveInteger)
    .option('--batch-tokens <n>', 'most tokens in one step; results do not depend on it', positiveInteger);
}

export function engineOptions(model: string, flags: EngineFlags): EngineOptions {
  return {
    model,
    ...(flags.dtype === undefined ? {} : { dtype: flags.dtype }),
    device: flags.device,
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...(flags.batchTokens === undefined ? {} : { batchTokens: flags.batchTokens }),
  };
}

/** The value of --device. */
export function deviceOption(text: string): DeviceOption {
  if (!isDeviceOption(text)) throw new InvalidArgumentError(`Expected ${DEVICE_OPTIONS}.`);
  return text;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError('a positive whole number is expected');
  return value;
}

/** `1,2,3` as token ids. */
export function tokenIds(text: string): number[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const id = Number(part);
      if (!Number.isSafeInteger(id) || id < 0)
        throw new InvalidArgumentError('token ids are whole numbers, separated by commas');
      return id;
    });
}
