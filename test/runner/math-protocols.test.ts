/** One answer, one verdict: a run, `evalrun grade` and `evalrun rescore` agree under every protocol of mathematics. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rescoreRun } from '../../runner/rescore.js';
import { runSuite } from '../../runner/run-suite.js';
import type { GenerativeLine } from '../../runner/sample-line.js';
import { cmath } from '../../suites/cmath.js';
import { gsm8k } from '../../suites/gsm8k.js';
import { math500 } from '../../suites/math500.js';
import { mgsm } from '../../suites/mgsm.js';
import { fakeEngine } from './fake-engine.js';

let home: string;
let shotsFile: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-protocols-'));
  shotsFile = path.join(home, 'shots.txt');
  const shot = (q: string, a: string) => `${q} How many?\n${a} The answer is 2.`;
  writeFileSync(shotsFile, `${shot('Q:', 'A:')}\n\n${shot('Q:', 'A:')}\n`);
  writeFileSync(path.join(home, 'math.txt'), `${shot('Problem:', 'Solution:')}\n`);
});
afterAll(() => rmSync(home, { recursive: true }));

const texts = [
  'so \\boxed{24}',
  'Answer: 24',
  'The final answer is $24$. I hope it is correct.',
  '所以答案是：24。',
  '答案: 24',
  '$24$',
  '24',
  'I cannot say.',
  '\\boxed{1}\nAnswer: 2\nThe answer is 3. #### 4',
];
const write = ({ id }: { id: string }) => ({ text: texts[Number(/\d+$/.exec(id)?.[0] ?? 0) % texts.length] ?? '' });

const suites = { math500, gsm8k, mgsm, cmath };
const cases = Object.values(suites).flatMap((suite) => suite.protocols.map((protocol) => ({ suite, protocol })));

describe('run, grade and rescore agree', () => {
  test.each(cases)('on $suite.name under $protocol', async ({ suite, protocol }) => {
    const { folder } = await runSuite({
      engine: fakeEngine({ write }),
      suite: suite.name,
      protocol,
      shotsFile: suite === math500 ? path.join(home, 'math.txt') : shotsFile,
      dataDir: 'embedded',
      out: path.join(home, 'runs'),
    });
    const samples = path.join(folder, 'samples.jsonl');
    const before = readFileSync(samples, 'utf8');
    const lines: GenerativeLine[] = before
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const graded = lines.map(({ target, output }) => suite.grade(target, output, protocol));
    expect(
      lines.map(({ status, answer, extracted_by: extractedBy, rule }) => ({ status, answer, extractedBy, rule })),
    ).toEqual(graded);
    expect(new Set(lines.map(({ status }) => status)).size).toBeGreaterThan(1);
    expect((await rescoreRun(folder)).changes).toEqual([]);
    expect(readFileSync(samples, 'utf8')).toBe(before);
  });

  test('and rescoring refuses other examples than those of the run', async () => {
    const { folder } = await runSuite({
      engine: fakeEngine({ write }),
      suite: 'gsm8k',
      protocol: 'base',
      shotsFile,
      dataDir: 'embedded',
      out: path.join(home, 'runs'),
      limit: 3,
    });
    const kept = readFileSync(shotsFile, 'utf8');
    writeFileSync(shotsFile, kept.replace('How many?', 'How much?'));
    await expect(rescoreRun(folder)).rejects.toMatchObject({ code: 'run/settings-differ' });
    writeFileSync(shotsFile, kept);
    expect((await rescoreRun(folder)).changes).toEqual([]);
  });

  test('also where a combined suite was asked for subjects that its parts do not share', async () => {
    const { folder } = await runSuite({
      engine: fakeEngine({ write }),
      suite: 'bilingual',
      subjects: ['en', 'zh', 'grade 3'],
      dataDir: 'embedded',
      out: path.join(home, 'runs'),
    });
    const { changes, metrics } = await rescoreRun(folder);
    expect(changes).toEqual([]);
    expect(metrics.paired_language_gap).toMatchObject({ suite: 'mgsm', pairs: 20 });
  });
});
