/** Runs of models that think: the thought has its own field, and only the answer is judged, now and when it is scored again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { GenerateResult } from '../../engine/engine.js';
import { rescoreRun } from '../../runner/rescore.js';
import { runSuite } from '../../runner/run-suite.js';
import type { GenerativeLine } from '../../runner/sample-line.js';
import { fakeEngine } from './fake-engine.js';
import { fakePrograms } from './fake-programs.js';

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-thinking-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const openPrograms = async () => fakePrograms();
const thoughts: readonly [Pick<GenerateResult, 'text' | 'thinking'> & Partial<GenerateResult>, status: string][] = [
  [{ thinking: 'is it \\boxed{99999}?', text: '\\boxed{3/4}' }, 'correct'],
  [{ thinking: 'it is \\boxed{3/4}', text: '\\boxed{99999}' }, 'wrong'],
  [{ thinking: '\\boxed{3/4} and so on', text: '', end: 'truncated' }, 'truncated'],
  [{ thinking: '\\boxed{3/4}', text: '\n', end: 'eos' }, 'unparsed'],
  [{ thinking: '\\boxed{3/4}', text: 'it is', end: 'truncated' }, 'truncated'],
  [{ thinking: '', text: '\\boxed{3/4}' }, 'correct'],
];

/** Every question is the one whose answer is 3/4. */
async function start(suite: 'math500' | 'humaneval') {
  let place = 0;
  const write = () => {
    const [written] = thoughts[place++ % thoughts.length] ?? thoughts[0] ?? [{ text: '' }];
    return suite === 'math500'
      ? written
      : { ...written, text: written.text.replace('\\boxed{3/4}', '    return 1 # passed') };
  };
  const options = { suite, dataDir: 'embedded', out: path.join(home, 'runs'), openPrograms };
  return runSuite({ engine: fakeEngine({ write }), ...options });
}
const linesOf = (folder: string): GenerativeLine[] =>
  readFileSync(path.join(folder, 'samples.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a thought is kept apart from the answer, and an answer of nothing is neither extracted from nor run', async () => {
  const { folder } = await start('humaneval');
  const lines = linesOf(folder);
  expect(lines[0]).toMatchObject({
    thinking: 'is it \\boxed{99999}?',
    output: '    return 1 # passed',
    status: 'correct',
  });
  expect(Object.keys(lines[0] ?? {}).join(' ')).toMatch(/score thinking output end/);
  expect(lines.slice(2, 4)).toMatchObject([
    { status: 'truncated', answer: null, extracted_by: null, rule: null, output: '' },
    { status: 'unparsed', answer: null, extracted_by: null, rule: null },
  ]);
  const before = readFileSync(path.join(folder, 'samples.jsonl'), 'utf8');
  expect((await rescoreRun(folder, { openPrograms })).changes).toEqual([]);
  expect(readFileSync(path.join(folder, 'samples.jsonl'), 'utf8')).toBe(before);
});

test('what is found in a thought is no answer', async () => {
  const { folder } = await start('math500');
  const lines = linesOf(folder);
  expect(lines.slice(1, 5).map(({ status }) => status)).toEqual(thoughts.slice(1, 5).map(([, status]) => status));
  expect(lines.some(({ answer }) => answer === '3/4')).toBe(true);
  const before = readFileSync(path.join(folder, 'samples.jsonl'), 'utf8');
  expect((await rescoreRun(folder)).changes).toEqual([]);
  expect(readFileSync(path.join(folder, 'samples.jsonl'), 'utf8')).toBe(before);
});

test('runs from before, whose output holds the thought, are scored again to the same', async () => {
  const { folder } = await start('math500');
  const file = path.join(folder, 'samples.jsonl');
  const whole = linesOf(folder).map(({ thinking, output, ...line }) => ({
    ...line,
    output: `<think>${thinking}${output === '' ? '' : `</think>\n\n${output}`}`,
  }));
  writeFileSync(file, whole.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { changes } = await rescoreRun(folder);
  expect(changes).toEqual([]);
  expect(linesOf(folder).map(({ status }) => status)).toEqual(whole.map(({ status }) => status));
});
