/** Opens a checkpoint folder: config.json as an ArchSpec, and where every tensor lies in the files. Reads no weights. */
import path from 'node:path';
import type { ArchSpec } from '../arch-spec.js';
import type { RawConfig } from '../architectures/family.js';
import { archSpecOf } from '../architectures/registry.js';
import { generationEosIds } from './generation-config.js';
import { readJsonObject } from './json-file.js';
import { type CheckpointTensor, type IgnoredTensor, type MatchOptions, matchTensors } from './match-tensors.js';
import { readWeightFiles, requireFolder, type WeightFiles } from './weight-files.js';

export type { CheckpointTensor } from './match-tensors.js';

export interface CheckpointFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes before the tensors' data. */
  readonly dataStart: number;
}

export interface Checkpoint {
  /** Absolute. */
  readonly folder: string;
  /** config.json as it is. */
  readonly config: RawConfig;
  /** What the config says, corrected by what the files hold: no MTP module, no quantisation where there is none. */
  readonly arch: ArchSpec;
  readonly files: readonly CheckpointFile[];
  /** In the order of expectedTensors(arch). */
  readonly tensors: readonly CheckpointTensor[];
  /** Tensors in the files that are not used, each with the rule that allows it. */
  readonly ignored: readonly IgnoredTensor[];
  /** What a person should know: files left aside, things that config.json promises and the files lack. */
  readonly notes: readonly string[];
}

/**
 * Everything about the checkpoint in `folder` except its weights, which are to be mapped from `files`.
 *
 * @throws EvalrunError checkpoint/... or config/... naming the file, tensor or key
 * @example const { arch, tensors } = openCheckpoint('models/DeepSeek-V2-Lite');
 */
export function openCheckpoint(folder: string, options: Pick<MatchOptions, 'unknownTensors'> = {}): Checkpoint {
  const resolved = requireFolder(folder);
  const config = readJsonObject(path.join(resolved, 'config.json'), 'config/file');
  const fromConfig = archSpecOf(config);
  const declared = { ...fromConfig, eosIds: generationEosIds(resolved) ?? fromConfig.eosIds };
  const { headers, tensors: stored, notes } = readWeightFiles(resolved);
  const { arch, notes: corrections } = asStored(declared, stored);
  const matched = matchTensors(stored, {
    arch,
    declaredMtpModules: declaredMtpModules(config),
    folder: resolved,
    ...options,
  });
  return {
    folder: resolved,
    config,
    arch,
    files: headers.map(({ path: file, size, dataStart }) => ({ path: file, size, dataStart })),
    ...matched,
    notes: [...notes, ...corrections],
  };
}

function declaredMtpModules(config: RawConfig): number {
  return typeof config.num_nextn_predict_layers === 'number' ? config.num_nextn_predict_layers : 0;
}

/** Conversions of published checkpoints often drop the MTP module or the quantisation and leave config.json as it was. */
function asStored(arch: ArchSpec, stored: WeightFiles['tensors']): { arch: ArchSpec; notes: string[] } {
  const notes: string[] = [];
  let result = arch;
  const names = [...stored.keys()];
  if (arch.mtpLayers > 0 && !names.some((name) => name.startsWith(`model.layers.${arch.layers}.`))) {
    const main = <T>(perLayer: readonly T[]) => perLayer.slice(0, arch.layers);
    result = {
      ...result,
      mtpLayers: 0,
      feedForward: main(arch.feedForward),
      slidingWindows: main(arch.slidingWindows),
    };
    notes.push('config.json promises a multi-token-prediction module that the files do not hold; it is not used');
  }
  if (arch.weightQuantization !== null && ![...stored.values()].some(({ dtype }) => dtype === 'F8_E4M3')) {
    result = { ...result, weightQuantization: null };
    notes.push('config.json promises FP8 weights, but the files hold none');
  }
  return { arch: result, notes };
}
