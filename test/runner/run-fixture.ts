/** A run record and sample lines made up for tests of what reads them. */
import type { RunRecord, SuiteRecord } from '../../runner/run-record.js';
import type { ChoiceLine } from '../../runner/sample-line.js';

export function suiteRecord(parts: Partial<SuiteRecord> = {}): SuiteRecord {
  return {
    suite: 'mmlu',
    protocol: 'official',
    version: 1,
    shots: 5,
    average: 'micro',
    language: 'en',
    groups: { anatomy: 2, marketing: 6 },
    categories: { medicine: ['anatomy'], all: ['anatomy', 'marketing'], empty: ['virology'] },
    few_shot_ids: { anatomy: ['mmlu/anatomy/dev/0'], marketing: [] },
    datasets: [
      {
        id: 'mmlu',
        source: '/data',
        licence: 'Apache-2.0',
        files: [{ path: 'mmlu/test/anatomy_test.csv', sha256: 'b'.repeat(64), rows: 2 }],
        deviations: [],
      },
    ],
    published: [{ model: 'DeepSeek-V3-Base', score: 0.871, shots: 5, source: 'report' }],
    notes: ['A note.'],
    prompt_tokens: { asked: 1000, computed: 400, shared: 600 },
    prompts_sha256: 'c'.repeat(64),
    ...parts,
  };
}

export function runRecord(parts: Partial<RunRecord> = {}): RunRecord {
  return {
    schema: 1,
    id: '20260131-120000-mmlu-nano',
    created: '2026-01-31T12:00:00.000Z',
    command: ['evalrun', '--suite', 'mmlu'],
    evalrun: { version: '0.1.0', commit: null },
    settings: {
      suites: ['mmlu'],
      model: '/models/nano',
      dtype: 'bf16',
      device: 'auto',
      protocol: null,
      shots: null,
      limit: null,
      seed: 0,
      subjects: null,
      data: null,
      allow_modified_data: false,
      threads: null,
      batch_tokens: null,
    },
    model: {
      name: 'nano',
      type: 'deepseek_v3',
      random: false,
      weight_fingerprint: 'd'.repeat(64),
      tokenizer_sha256: 'e'.repeat(64),
      total_parameters: 1_234_567,
      active_parameters: 345_678,
      context_length: 4096,
      vocab_size: 32_000,
    },
    engine: {
      kind: 'local',
      dtype: 'bf16',
      device: 'cpu',
      device_reason: 'there is no GPU',
      threads: 2,
      kernels: { linear: 'avx512-bf16' },
      numerics: { softmax: 'f32' },
    },
    suites: [suiteRecord()],
    fingerprint: '',
    ...parts,
  };
}

export function sampleLine(parts: Partial<ChoiceLine> & { id: string; group: string }): ChoiceLine {
  return {
    suite: 'mmlu',
    repeat: 0,
    status: 'correct',
    target: 'A',
    answer: 'A',
    score: 1,
    choices: { A: -1, B: -2, C: -3, D: -4 },
    margin: 1,
    prompt_tokens: 10,
    completion_tokens: 0,
    prompt_sha256: 'f'.repeat(64),
    ...parts,
  };
}
