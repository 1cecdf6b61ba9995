import { describe, expect, test } from '@jest/globals';
import { differencesOf, fingerprintOf, renderDifferences } from '../../runner/fingerprint.js';
import type { RunRecord } from '../../runner/run-record.js';
import { runRecord, suiteRecord } from './run-fixture.js';

const base = runRecord();
const { settings, engine, model } = base;

describe('the fingerprint', () => {
  const changes: [what: string, record: RunRecord, message: string][] = [
    ['the dtype', runRecord({ engine: { ...engine, dtype: 'f32' } }), 'dtype: bf16 -> f32'],
    ['the device', runRecord({ engine: { ...engine, device: 'cuda' } }), 'device: cpu -> cuda'],
    ['a kernel', runRecord({ engine: { ...engine, kernels: { linear: 'ref' } } }), 'kernel linear: avx512-bf16 -> ref'],
    [
      'numerics',
      runRecord({ engine: { ...engine, numerics: { a: 1 } } }),
      'numerics softmax: f32 -> none; numerics a: none -> 1',
    ],
    ['the seed', runRecord({ settings: { ...settings, seed: 1 } }), 'seed: 0 -> 1'],
    ['the limit', runRecord({ settings: { ...settings, limit: 5 } }), 'limit: none -> 5'],
    [
      'weights',
      runRecord({ model: { ...model, weight_fingerprint: '0'.repeat(64) } }),
      'model weights: dddddddddddd -> 000000000000',
    ],
    ['the version', runRecord({ evalrun: { version: '0.2.0', commit: null } }), 'evalrun version: 0.1.0 -> 0.2.0'],
    [
      'shots, naming the cause and not its consequence',
      runRecord({ suites: [suiteRecord({ shots: 0, few_shot_ids: {}, prompts_sha256: 'x' })] }),
      'mmlu shots: 5 -> 0',
    ],
    [
      'a data file',
      runRecord({
        suites: [
          suiteRecord({
            datasets: suiteRecord().datasets.map((set) => ({
              ...set,
              files: set.files.map((file) => ({ ...file, sha256: '1'.repeat(64) })),
            })),
          }),
        ],
      }),
      'mmlu file mmlu/test/anatomy_test.csv: bbbbbbbbbbbb -> 111111111111',
    ],
    [
      'prompts alone',
      runRecord({ suites: [suiteRecord({ prompts_sha256: '2'.repeat(64) })] }),
      'mmlu prompts: cccccccccccc -> 222222222222',
    ],
  ];
  test.each(changes)('changes with %s, and the difference says so', (_, record, message) => {
    expect(fingerprintOf(record)).not.toBe(fingerprintOf(base));
    expect(renderDifferences(differencesOf(base, record))).toBe(message);
  });

  test('does not change with what cannot change a score', () => {
    const same = runRecord({
      id: 'other',
      created: '2027-01-01T00:00:00.000Z',
      command: [],
      settings: { ...settings, threads: 7, batch_tokens: 9, model: '/elsewhere' },
      // Sizes of the cache are not in runs of older versions, which can still be resumed.
      engine: { ...engine, threads: 64, device_reason: 'another', kv_bytes_per_token: 1600, mha_bytes_per_token: 5120 },
      model: { ...model, name: '/elsewhere' },
    });
    expect(fingerprintOf(same)).toBe(fingerprintOf(base));
    expect(differencesOf(base, same)).toEqual([]);
  });
});
