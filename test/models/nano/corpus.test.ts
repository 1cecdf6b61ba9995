/** The corpus that the model in the box was trained on: the recipe writes it again, and no question of the box is in it. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../../package-root.js';
import { boxChoices, boxProblems, boxTasks } from './box.js';
import { likeness, numeralsOf, Wordings } from './wording.js';

const recipe = path.join(packageRoot, 'models', 'nano', 'recipe');
const published = readFileSync(path.join(recipe, 'corpus.sha256'), 'utf8').trimEnd().split('\n');
/** Of the kinds of documents that a model sees first, in the middle and last; EVALRUN_EXHAUSTIVE=1 writes all of the corpus. */
const shards = process.env.EVALRUN_EXHAUSTIVE ? published.map((_, shard) => shard) : [0, 5, 9, 12];
/** At least so many of `count` in the whole corpus. */
const share = (count: number) => (count * shards.length) / published.length;
const hasPython = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).status === 0;
const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-corpus-'));

/** Texts of all documents, shard by shard, without the verdicts behind options. */
function* documents(): Generator<string> {
  const shards = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  for (const shard of shards.sort()) {
    for (const line of readFileSync(path.join(folder, shard), 'utf8').trimEnd().split('\n')) {
      const parts = JSON.parse(line) as [string, number][];
      yield parts.map(([text]) => (VERDICTS.has(text) ? '' : text)).join('');
    }
  }
}

const VERDICTS = new Set([' - right', ' - wrong', '（对）', '（错）']);
const OPTIONS = /\nA[.)] (.*)\nB[.)] (.*)\nC[.)] (.*)\nD[.)] (.*)/g;
const optionKey = (options: readonly string[]) => [...options].sort().join('\n');
/** The worked problems of a document, from either of their formats. */
const PROBLEMS = /(?:Problem:\n|<｜User｜>)([\s\S]*?)(?:\n\nSolution:|\nPlease reason step|\n请通过逐步推理)/g;
const QUESTIONS = /(?:^|\n\n|题目：|｜>)([^\n]*(?:\n(?!A[.)] )[^\n]+)*)\nA[.)] /g;
const DOCSTRING = /""" (.*)\n/g;
const BODY = /"""\n((?: {4}.*\n)+)/g;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const when = hasPython ? describe : describe.skip;
when(`the corpus of the model in the box${hasPython ? '' : ' (skipped: it takes Python 3.11 to write it)'}`, () => {
  let done: SpawnSyncReturns<string>;
  beforeAll(() => {
    // Writes it as write_corpus.py does, and notes on the way what it draws.
    const args = [path.join(recipe, 'check_held_out.py'), folder, '--only', shards.join()];
    done = spawnSync('python3', args, { encoding: 'utf8', env });
    if (done.status !== 0) throw new Error(`check_held_out.py: ${done.stderr}`);
  }, 300_000);

  test('is written again byte for byte', () => {
    const written = readFileSync(path.join(folder, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
    expect(written).toEqual(shards.map((shard) => published[shard]));
    expect(documents().next().done).toBe(false);
  });

  test('words nothing as a question of the box is worded, and offers no such options', () => {
    const wordings = new Wordings();
    const optionSets = new Set<string>();
    for (const { question, options } of boxChoices()) {
      wordings.add(question);
      optionSets.add(optionKey(options));
    }
    const shared = new Set<string>();
    let questions = 0;
    for (const text of documents()) {
      const run = wordings.sharedRun(text);
      if (run !== undefined) shared.add(run);
      for (const [, ...options] of text.matchAll(OPTIONS)) {
        ++questions;
        if (optionSets.has(optionKey(options))) shared.add(optionKey(options));
      }
    }
    expect([...shared]).toEqual([]);
    expect(questions).toBeGreaterThan(share(200_000));
  }, 300_000);

  test('computes nothing as the box does with the same numbers', () => {
    const byNumerals = new Map<string, string[]>();
    for (const sample of [...boxProblems(), ...boxChoices().map(({ question }) => question)]) {
      const numerals = numeralsOf(sample);
      if (numerals.includes(' ')) byNumerals.set(numerals, [...(byNumerals.get(numerals) ?? []), sample]);
    }
    const same = new Set<string>();
    let problems = 0;
    for (const text of documents()) {
      for (const [, problem = ''] of [...text.matchAll(PROBLEMS), ...text.matchAll(QUESTIONS)]) {
        ++problems;
        const twin = byNumerals.get(numeralsOf(problem))?.find((sample) => likeness(sample, problem) > 0.95);
        if (twin !== undefined) same.add(`${twin} ~ ${problem}`);
      }
    }
    expect([...same]).toEqual([]);
    expect(problems).toBeGreaterThan(share(200_000));
  }, 300_000);

  test('draws no problem and no function with parameters of the box', () => {
    expect(done.stderr).toBe('');
    const { corpus, samples, shared } = JSON.parse(done.stdout);
    expect(shared).toEqual([]);
    expect(samples).toBeGreaterThanOrEqual(60 + 30 + 40 + 20 + 40);
    expect(corpus).toBeGreaterThan(share(20_000));
  });

  test('has no function of the box, neither what it is asked for nor how it is written', () => {
    const tasks = boxTasks();
    const asked = new Set(tasks.flatMap(({ prompt }) => [...prompt.matchAll(DOCSTRING)].map(([, line]) => line)));
    const bodies = new Set(tasks.map(({ canonical_solution }) => canonical_solution));
    expect(asked.size).toBe(tasks.length);
    const found = new Set<string>();
    let functions = 0;
    for (const text of documents()) {
      for (const [, line = ''] of text.matchAll(DOCSTRING)) {
        ++functions;
        if (asked.has(line)) found.add(line);
      }
      for (const [, body = ''] of text.matchAll(BODY)) if (bodies.has(body)) found.add(body);
    }
    expect([...found]).toEqual([]);
    expect(functions).toBeGreaterThan(share(20_000));
  }, 300_000);
});
