/** What a plan says about itself: ids, shots, averages, categories, published numbers, notes, refusals. */
import { describe, expect, test } from '@jest/globals';
import { getSuite } from '../../suites/registry.js';
import { fixturePlan, onlyPlan, PUBLISHED, testPublished } from './fixtures.js';

describe('a plan', () => {
  test('names samples and shots by suite, subject and row', async () => {
    const plan = await fixturePlan('mmlu', { shots: 2 });
    expect(plan.samples.map(({ id, group, suite, repeat }) => [id, group, suite, repeat])).toEqual([
      ['mmlu/abstract_algebra/0', 'abstract_algebra', 'mmlu', 0],
      ['mmlu/abstract_algebra/1', 'abstract_algebra', 'mmlu', 0],
    ]);
    expect(plan.fewShotIds).toEqual({
      abstract_algebra: ['mmlu/abstract_algebra/dev/0', 'mmlu/abstract_algebra/dev/1'],
    });
  });

  test('takes the official protocol and five shots unless told otherwise', async () => {
    expect(await fixturePlan('cmmlu')).toMatchObject({ protocol: 'official', shots: 5, version: 1, suite: 'cmmlu' });
  });

  test.each([
    ['mmlu', 'official', 'micro'],
    ['mmlu', 'deepseek', 'micro'],
    ['mmlu', 'lm-eval', 'micro'],
    ['ceval', 'official', 'macro'],
    ['ceval', 'deepseek', 'macro'],
    ['ceval', 'lm-eval', 'micro'],
    ['cmmlu', 'official', 'macro'],
    ['cmmlu', 'deepseek', 'macro'],
    ['cmmlu', 'lm-eval', 'micro'],
  ])('of %s under %s averages %s', async (suite, protocol, average) => {
    expect((await fixturePlan(suite, { protocol })).average).toBe(average);
  });

  test.each([
    ['mmlu', 0.871, 0.583],
    ['ceval', 0.901, 0.603],
    ['cmmlu', 0.888, 0.643],
  ])('of %s carries the published numbers of its protocol and shots only', async (suite, v3, lite) => {
    const { published } = await fixturePlan(suite, { protocol: 'deepseek' });
    const scoreOf = (model: string) => published.find((score) => score.model === model)?.score;
    expect(scoreOf('DeepSeek-V3-Base')).toBe(v3);
    expect(scoreOf('DeepSeek-V2-Lite')).toBe(lite);
    expect(published.every(({ shots, source }) => shots === 5 && source.length > 0)).toBe(true);
    expect((await fixturePlan(suite, { shots: 0 })).published).toEqual([]);
    expect((await fixturePlan(suite, { protocol: 'lm-eval' })).published).toEqual([]);
  });

  test('says where its questions came from, hashed, with every deviation', async () => {
    const [data] = (await fixturePlan('ceval')).datasets;
    expect(data?.files.map(({ path, rows }) => [path, rows])).toEqual([
      ['ceval/dev/law_dev.csv', 5],
      ['ceval/val/law_val.csv', 2],
    ]);
    expect(data?.deviations.length).toBeGreaterThan(0);
    expect(data?.licence).toBe('CC BY-NC-SA 4.0');
  });

  test('says that it took a part, chosen by the seed', async () => {
    const { notes, samples } = await fixturePlan('mmlu', { limit: 1, seed: 7 });
    expect(samples).toHaveLength(1);
    expect(notes).toContain('1 of 2 questions were asked, chosen by seed 7.');
  });

  test('of questions in the box carries no published numbers and says why', async () => {
    const plan = onlyPlan(await getSuite('mmlu').plan({ dataDir: 'embedded', seed: 0, limit: 3 }));
    expect(plan.datasets[0]?.source).toBe('embedded');
    expect(plan.published).toEqual([]);
    expect(plan.notes.join(' ')).toMatch(/evalrun's own .* not the published benchmark/);
    expect(plan.samples).toHaveLength(3);
  });

  test('without allowModified refuses files that are not the published ones', async () => {
    await expect(fixturePlan('mmlu', { allowModified: false })).rejects.toMatchObject({ code: 'dataset/hash' });
  });

  test.each([
    ['an unknown protocol', { protocol: 'offical' }, 'usage/unknown-protocol', /official, deepseek, lm-eval/],
    ['a protocol that is a property of every object', { protocol: 'toString' }, 'usage/unknown-protocol', /toString/],
    ['more shots than the development file has', { shots: 6 }, 'usage/shots', /from 0 to 5.*found 6/],
    ['negative shots', { shots: -1 }, 'usage/shots', /found -1/],
    ['half a shot', { shots: 0.5 }, 'usage/shots', /found 0\.5/],
    ['a limit of nothing', { limit: 0 }, 'usage/limit', /1 or more, found 0/],
    ['a limit that is not whole', { limit: 1.5 }, 'usage/limit', /found 1\.5/],
    [
      'an unknown subject',
      { subjects: ['abstract_algbra'] },
      'usage/unknown-subject',
      /nearest name is "abstract_algebra"/,
    ],
  ])('refuses %s', async (_name, options, code, says) => {
    await expect(fixturePlan('mmlu', options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says),
      exitCode: 3,
    });
  });
});

/** Category -> [subjects, questions]. */
type Sizes = Readonly<Record<string, readonly [subjects: number, questions: number]>>;
const HENDRYCKS: Sizes = {
  STEM: [18, 3018],
  'other (business, health, misc.)': [14, 3242],
  'social sciences': [12, 3077],
  humanities: [13, 4705],
};
const WHOLE: readonly (readonly [suite: string, protocol: string, samples: number, sizes: Sizes])[] = [
  ['mmlu', 'official', 14_042, HENDRYCKS],
  ['mmlu', 'lm-eval', 14_042, { ...HENDRYCKS, STEM: [19, 3153], 'other (business, health, misc.)': [13, 3107] }],
  [
    'ceval',
    'official',
    1_346,
    { STEM: [20, 430], Hard: [8, 152], 'Social Science': [10, 275], Humanities: [11, 257], Other: [11, 384] },
  ],
  [
    'cmmlu',
    'official',
    11_582,
    {
      STEM: [17, 2531],
      Humanities: [13, 2489],
      'Social Science': [22, 3652],
      Other: [15, 2910],
      'China specific': [15, 2572],
    },
  ],
];

describe('the published questions (skipped where they are not at hand)', () => {
  testPublished.each(WHOLE)('%s under %s has the sizes of its authors', async (suite, protocol, count, sizes) => {
    const plan = onlyPlan(await getSuite(suite).plan({ dataDir: PUBLISHED, protocol, shots: 0, seed: 0 }));
    expect(plan.samples).toHaveLength(count);
    expect(new Set(plan.samples.map(({ id }) => id)).size).toBe(count);
    const found = Object.entries(plan.categories).map(([name, subjects]) => {
      const inCategory = plan.samples.filter(({ group }) => subjects.includes(group)).length;
      return [name, [subjects.length, inCategory]];
    });
    expect(Object.fromEntries(found)).toEqual(sizes);
    const covered = new Set(Object.values(plan.categories).flat());
    expect(plan.samples.every(({ group }) => covered.has(group))).toBe(true);
  });

  testPublished('mmlu puts anatomy in other, and lm-eval puts it in STEM', async () => {
    const options = { dataDir: PUBLISHED, subjects: ['anatomy'], shots: 0, seed: 0 };
    const official = onlyPlan(await getSuite('mmlu').plan(options));
    const lmEval = onlyPlan(await getSuite('mmlu').plan({ ...options, protocol: 'lm-eval' }));
    expect(Object.keys(official.categories)).toEqual(['other (business, health, misc.)']);
    expect(Object.keys(lmEval.categories)).toEqual(['STEM']);
  });

  testPublished('mmlu comes in order of subject, then of row', async () => {
    const { samples } = onlyPlan(await getSuite('mmlu').plan({ dataDir: PUBLISHED, shots: 5, seed: 0 }));
    const keys = samples.map(({ id }) => id.replace(/\d+$/, (row) => row.padStart(6, '0')));
    expect(keys).toEqual([...keys].sort());
    expect(samples[0]?.id).toBe('mmlu/abstract_algebra/0');
    expect(samples.filter(({ context }) => context !== context.trimEnd())).toEqual([]);
  });
});
