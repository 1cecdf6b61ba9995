/** What a comparison reads from telemetry.jsonl. */
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { runRecord } from '../run-fixture.js';
import { baseline, comparer, suites } from './two-runs.js';

const newFolder = temporaryFolders();
const compare = comparer(newFolder);

describe('telemetry', () => {
  const engine = (parts: object) => ({
    type: 'engine',
    seconds: 1,
    step_ms: 500,
    prefill_tokens: 0,
    decode_tokens: 0,
    ...parts,
  });
  test('becomes speed, memory and energy, also of a resumed run', async () => {
    const telemetry = [
      engine({
        prefill_tokens: 1000,
        weight_bytes: 10,
        kv_bytes: 5,
        workspace_bytes: 2,
        resident_bytes: 100,
        energy_joules: 3,
      }),
      engine({ seconds: 2, prefill_tokens: 500, decode_tokens: 10 }),
      engine({ seconds: 3, decode_tokens: 50, resident_bytes: 120, energy_joules: 4 }),
      { type: 'sample', seconds: 3.5, id: 'x', prompt_tokens: 1, shared_tokens: 0 },
      // Resumed: its clock starts again.
      engine({ seconds: 0.5, prefill_tokens: 1000 }),
    ];
    const { cost } = await compare({ ...baseline, telemetry }, baseline);
    expect(cost.baseline).toEqual({
      wall_seconds: 4,
      prefill_tokens_per_second: 2000,
      decode_tokens_per_second: 100,
      weight_bytes: 10,
      kv_bytes: 5,
      workspace_bytes: 2,
      peak_resident_bytes: 120,
      energy_joules: 7,
    });
    expect(new Set(Object.values(cost.candidate))).toEqual(new Set([null]));
  });

  test('counts lines that are not understood, and warns', async () => {
    const { warnings } = await compare(
      { ...baseline, telemetry: [{ type: 'weather' }, { type: 'engine', seconds: 'soon' }] },
      baseline,
    );
    expect(warnings).toEqual([expect.stringMatching(/2 lines of telemetry\.jsonl were not understood/)]);
  });

  test('warns when speed is that of other machines', async () => {
    const { engine } = runRecord();
    const { warnings } = await compare(baseline, {
      ...baseline,
      record: { suites, engine: { ...engine, threads: 64 } },
    });
    expect(warnings).toEqual([
      expect.stringMatching(/different machines.*cpu with 2 threads, then cpu with 64 threads/),
    ]);
  });

  test('shows where both sent their tokens to the same experts, and how full each layer was', async () => {
    const routing = (id: string, experts: number[][]) => ({ type: 'routing', id, experts });
    const load = (counts: number[][]) => ({
      type: 'experts',
      suite: 'mmlu',
      group: 'anatomy',
      tokens: 9,
      layers: [1, 2],
      counts,
    });
    const { experts } = await compare(
      {
        ...baseline,
        telemetry: [
          routing('x', [
            [1, 2],
            [3, 4],
          ]),
          routing('y', [
            [1, 2],
            [3, 4],
          ]),
          load([
            [8, 0],
            [4, 4],
          ]),
          load([
            [2, 2],
            [0, 0],
          ]),
        ],
      },
      {
        ...baseline,
        telemetry: [
          routing('x', [
            [2, 1],
            [3, 9],
          ]),
          routing('y', [
            [1, 7],
            [8, 9],
          ]),
          routing('z', [
            [1, 2],
            [3, 4],
          ]),
        ],
      },
    );
    expect(experts?.agreement).toEqual({
      samples: 2,
      layers: [
        { layer: 1, share: 0.75 },
        { layer: 2, share: 0.25 },
      ],
    });
    expect(experts?.load.baseline).toEqual([
      { layer: 1, tokens: 12, max_over_mean: expect.closeTo(10 / 6, 12) },
      { layer: 2, tokens: 8, max_over_mean: 1 },
    ]);
    expect((await compare(baseline, baseline)).experts).toBeNull();
  });
});
