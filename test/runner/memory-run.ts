/** A process that makes a run and tells what is alive in memory at three places of it: OUT DATA. Needs --expose-gc. */
import type { ArchSpec } from '../../engine/arch-spec.js';
import { LocalEngine } from '../../engine/local-engine.js';
import type { NativeModel, NativeStep, NativeStepResult } from '../../engine/native.js';
import { runSuite } from '../../runner/run-suite.js';
import { fakeInfo, fakeTokenizer } from './fake-engine.js';

const [out = '', dataDir = ''] = process.argv.slice(2);

/** Arithmetic that is none: the engine above it, with its tree and its pages, is the real one. */
const model: NativeModel = {
  open: async () => {},
  prepare: async () => {},
  scan: async () => [],
  forward: async ({ ids }: NativeStep): Promise<NativeStepResult> => ({
    logProbs: Float32Array.from(ids, (id) => -1 - id / 256),
    best: new Int32Array(),
    logits: new Float32Array(),
    mtpLogits: new Float32Array(),
    drafts: new Int32Array(),
    experts: new Uint16Array(),
  }),
  memory: () => ({ convertedBytes: 0, cacheBytes: 0, workspaceBytes: 0 }),
  kernels: () => ({}),
  close: () => {},
};

const engine = new LocalEngine({
  info: { ...fakeInfo, dtype: 'f32' },
  // A token is a character with the space before it, so that the tokenizer itself remembers nothing.
  tokenizer: {
    ...fakeTokenizer(),
    encode: (text) =>
      (text.match(/ ?[\s\S]/g) ?? []).map((piece) => piece.length * 128 + (piece.codePointAt(piece.length - 1) ?? 0)),
  },
  arch: {
    vocabSize: fakeInfo.vocabSize,
    contextLength: fakeInfo.contextLength,
    eosIds: [],
    moe: null,
  } as never as ArchSpec,
  model,
  plan: { kvPages: 1024, mappedBytes: 0 },
  batchTokens: 2048,
});

const live: Record<string, number> = {};
const look = (when: string) => {
  for (let i = 0; i < 2; ++i) globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  live[when] = heapUsed + arrayBuffers;
};
await runSuite({
  engine,
  suite: 'mmlu',
  dataDir,
  allowModifiedData: true,
  out,
  // What is said about it is said when all results are in their order.
  verifyPrefix: 1,
  onStart: () => look('planned'),
  onProgress: ({ done, total }) => {
    if (done > total / 2 && live.running === undefined) look('running');
  },
  onNotice: (line) => {
    if (line.includes('scored again')) look('ordered');
  },
});
process.stdout.write(JSON.stringify(live));
