/** Puts the record of a run together from what was asked, the engine that opened and the plan. */
import type { EngineInfo, RemoteInfo } from '../engine/engine.js';
import { version } from '../package-root.js';
import { evalrunCommit } from './evalrun-commit.js';
import { fingerprintOf } from './fingerprint.js';
import { runId } from './run-folder.js';
import {
  type RunRecord,
  type RunSettings,
  runSchema,
  type SandboxRecord,
  type ShardRecord,
  type SuiteRecord,
} from './run-record.js';

export interface RecordParts {
  readonly settings: RunSettings;
  readonly info: EngineInfo;
  readonly suites: readonly SuiteRecord[];
  /** Where programs are run. */
  readonly sandbox?: SandboxRecord | undefined;
  /** Where only a part of a run is asked. */
  readonly shard?: ShardRecord | undefined;
  readonly command: readonly string[];
  readonly time: Date;
}

/** The record of a new run starting at `time`. */
export async function makeRecord(parts: RecordParts): Promise<RunRecord> {
  const { settings, info, suites, sandbox, shard, command, time } = parts;
  const record = {
    schema: runSchema as typeof runSchema,
    id: runId(time, settings.suites, info.model),
    created: time.toISOString(),
    command: [...command],
    evalrun: { version, commit: await evalrunCommit() },
    settings,
    model: {
      name: info.model,
      type: info.modelType,
      random: info.random,
      weight_fingerprint: info.weightFingerprint,
      tokenizer_sha256: info.tokenizerSha256,
      total_parameters: info.totalParameters,
      active_parameters: info.activeParameters,
      context_length: info.contextLength,
      vocab_size: info.vocabSize,
    },
    engine: {
      kind: info.kind,
      dtype: info.dtype,
      device: info.device,
      device_reason: info.deviceReason,
      threads: info.threads,
      kernels: { ...info.kernels },
      numerics: { ...info.numerics },
      ...(info.remote && { remote: remoteRecord(info.remote) }),
      ...(info.kvCache && {
        kv_bytes_per_token: info.kvCache.bytesPerToken,
        mha_bytes_per_token: info.kvCache.mhaBytesPerToken,
      }),
    },
    suites: [...suites],
    ...(sandbox && { sandbox }),
    ...(shard && { shard }),
  };
  return { ...record, fingerprint: fingerprintOf(record) };
}

function remoteRecord({ baseUrl, entry, server, version, systemFingerprint, abilities, determinism }: RemoteInfo) {
  return {
    base_url: baseUrl,
    entry,
    server,
    version,
    system_fingerprint: systemFingerprint,
    abilities: { ...abilities },
    determinism: determinism && {
      asked: determinism.asked,
      equal: determinism.equal,
      largest_difference: determinism.largestDifference,
    },
  };
}
