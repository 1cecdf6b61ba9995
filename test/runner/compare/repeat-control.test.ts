/** The A/A control: the same arm twice. */
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compareRuns } from '../../../runner/compare/compare-runs.js';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { runRecord } from '../run-fixture.js';
import { baseline, suites, thrownBy } from './two-runs.js';
import { choiceLines, generation, otherArm, plainSuite, type WrittenRun, writeRun, writtenLine } from './write-run.js';

const newFolder = temporaryFolders();

describe('the A/A control', () => {
  async function control(repeat: WrittenRun, first: WrittenRun = baseline) {
    const folder = newFolder();
    const run = (name: string, written: WrittenRun) => writeRun(path.join(folder, name), written);
    const aa = run('aa', repeat);
    return (await compareRuns(run('a', first), run('b', first), { aa })).aa;
  }
  const engine = { ...runRecord().engine, threads: 8 };

  test('is clean when a repeat with other threads has the same bytes', async () => {
    expect(await control({ record: { suites, engine }, lines: baseline.lines })).toMatchObject({
      finding: 'clean',
      flips: 0,
      different_lines: 0,
      largest_shift: 0,
    });
  });

  test('is a defect when a single letter moved', async () => {
    const lines = [...baseline.lines.slice(0, 199), ...choiceLines(200, (at) => at < 120, { margin: 1.01 }).slice(199)];
    expect(await control({ record: { suites }, lines })).toMatchObject({
      finding: 'defect',
      flips: 0,
      different_lines: 1,
    });
  });

  test('is noise for answers drawn with another seed, and a defect with the same', async () => {
    const drawn = [
      plainSuite({ n: 1, suite: 'math500', groups: { all: 1 }, generation: { ...generation, temperature: 1 } }),
    ];
    const first = { record: { suites: drawn }, lines: [writtenLine({ id: 'math500/0' })] };
    const lines = [writtenLine({ id: 'math500/0', output: 'eight', answer: '8', status: 'wrong', score: 0 })];
    const settings = { ...runRecord().settings, seed: 1 };
    expect(await control({ record: { suites: drawn, settings }, lines }, first)).toMatchObject({
      finding: 'noise',
      flips: 1,
    });
    expect(await control({ record: { suites: drawn }, lines }, first)).toMatchObject({ finding: 'defect', flips: 1 });
  });

  test('refuses another arm', async () => {
    const error = await thrownBy(control({ record: { suites, ...otherArm() }, lines: baseline.lines }));
    expect(error.message).toMatch(/is no repeat of the baseline.*dtype: bf16 -> fp8/);
  });

  test('says when the repeat is not finished', async () => {
    expect(await control({ record: { suites }, lines: baseline.lines.slice(0, 10) })).toMatchObject({
      finding: 'incomplete',
      samples: 10,
    });
  });
});
