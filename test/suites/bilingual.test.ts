/** The combined suite: its parts, their protocols and subjects, and what it refuses. */
import { describe, expect, test } from '@jest/globals';
import { getSuite } from '../../suites/registry.js';
import { PUBLISHED, testPublished } from './fixtures.js';

const plan = (options: object = {}) => getSuite('bilingual').plan({ dataDir: 'embedded', seed: 0, ...options });

describe('bilingual', () => {
  test('plans knowledge and mathematics in both languages, the limit for each part', async () => {
    const plans = await plan({ limit: 6 });
    expect(plans.map(({ suite, kind, language, samples }) => [suite, kind, language, samples.length])).toEqual([
      ['mmlu', 'choice', 'en', 6],
      ['ceval', 'choice', 'zh', 6],
      ['cmmlu', 'choice', 'zh', 6],
      ['mgsm', 'generative', 'mixed', 6],
      ['cmath', 'generative', 'zh', 6],
    ]);
  });

  test.each([
    ['official', 'official', /Asked under deepseek: mgsm has no protocol official\./],
    ['lm-eval', 'lm-eval', /Asked under deepseek: mgsm has no protocol lm-eval\./],
    ['deepseek', 'deepseek', undefined],
    [undefined, 'official', undefined],
  ])('under protocol %s asks mathematics under its default, and says so', async (protocol, asked, note) => {
    const plans = await plan({ limit: 2, ...(protocol !== undefined && { protocol }) });
    expect(plans.map((part) => part.protocol)).toEqual([asked, asked, asked, 'deepseek', 'deepseek']);
    const notes = plans.map((part) => part.notes.filter((text) => text.startsWith('Asked under')).join(' '));
    expect(notes.slice(0, 3)).toEqual(['', '', '']);
    if (note === undefined) expect(notes[3]).toBe('');
    else expect(notes[3]).toMatch(note);
  });

  test.each(['simple-evals', 'base', 'offical'])('has no protocol %s', async (protocol) => {
    await expect(plan({ protocol })).rejects.toMatchObject({
      code: 'usage/unknown-protocol',
      message: expect.stringMatching(/bilingual has no protocol.*official, deepseek, lm-eval/),
    });
  });

  test('gives subjects to the parts that have them, and names those left out', async () => {
    const plans = await plan({ subjects: ['en', 'zh', 'grade 3'] });
    expect(plans.map(({ suite }) => suite)).toEqual(['mgsm', 'cmath']);
    expect(plans.every(({ notes }) => notes.some((note) => /subjects: mmlu, ceval, cmmlu\./.test(note)))).toBe(true);
  });

  test.each([
    ['of one language only', ['zh', 'grade 1'], 'usage/subjects'],
    ['that nothing has', ['en', 'zh', 'alchemy'], 'usage/unknown-subject'],
  ])('refuses subjects %s', async (_, subjects, code) => {
    await expect(plan({ subjects })).rejects.toMatchObject({ code });
  });

  testPublished('knows the subjects of the published questions (skipped where they are not at hand)', async () => {
    const published = { dataDir: PUBLISHED, shots: 0, limit: 20 };
    const plans = await plan({ ...published, subjects: ['anatomy'] });
    expect(plans.map(({ suite }) => suite)).toEqual(['mmlu', 'cmmlu']);
    await expect(plan({ ...published, subjects: ['law'] })).rejects.toMatchObject({ code: 'usage/subjects' });
    const grades = await getSuite('cmath').plan({ dataDir: PUBLISHED, seed: 0 });
    expect(new Set(grades[0]?.samples.map(({ group }) => group))).toEqual(
      new Set([1, 2, 3, 4, 5, 6].map((grade) => `grade ${grade}`)),
    );
  });
});

describe('mgsm', () => {
  test.each([2, 8, 20])('with a limit of %i takes both languages of the same problems', async (limit) => {
    const [part] = await getSuite('mgsm').plan({ dataDir: 'embedded', seed: 3, limit });
    const rows = (language: string) =>
      part?.samples.filter(({ group }) => group === language).map(({ id }) => id.replace(/^.*\//, ''));
    expect(rows('en')).toHaveLength(limit / 2);
    expect(rows('zh')).toEqual(rows('en'));
  });

  test('with an odd limit leaves one problem alone', async () => {
    const [part] = await getSuite('mgsm').plan({ dataDir: 'embedded', seed: 0, limit: 7 });
    expect(part?.samples.map(({ group }) => group).sort()).toEqual(['en', 'en', 'en', 'en', 'zh', 'zh', 'zh']);
  });
});
