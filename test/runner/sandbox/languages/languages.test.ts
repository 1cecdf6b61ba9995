/** Programs in seven languages are judged by two processes: right ones pass, wrong ones and forgeries do not. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { judgeAnswer } from '../../../../runner/judge-answer.js';
import { answerOf } from '../../../../runner/sandbox/attacks/attack.js';
import { languages } from '../../../../runner/sandbox/languages/languages.js';
import { headersMade } from '../../../../runner/sandbox/languages/precompiled-header.js';
import { countLeftovers } from '../../../../runner/sandbox/leftovers.js';
import { SandboxPool } from '../../../../runner/sandbox/pool.js';
import type { SandboxVerdict } from '../../../../runner/sandbox/verdict.js';
import { getSuite } from '../../../../suites/registry.js';
import type { CodeLanguage, GenerativePlan } from '../../../../suites/suite.js';
import { PUBLISHED, testPublished } from '../../../suites/fixtures.js';
import { languageAttacks, sumTask } from './attacks.js';
import { describeLanguage, here } from './here.js';
import { publishedSolutions } from './published-solutions.js';
import { sampleSolutions } from './sample-solutions.js';

const minutes = 60_000;
const names = languages.map(({ name }) => name);
const planOf = async (dataDir: string) =>
  (await getSuite('humaneval-mul').plan({ dataDir, seed: 0 }))[0] as GenerativePlan;

let pool: SandboxPool;
const before = countLeftovers();
beforeAll(async () => {
  if (here.found.size === 0) return;
  pool = await SandboxPool.open({
    toolchains: here.found,
    workers: 2,
    repeatFailures: false,
    limits: { timeoutMs: 4000 },
  });
}, 2 * minutes);
afterAll(async () => {
  await pool?.close();
  await headersMade();
  // Groups, folders, processes and mounts; descriptors come and go with the tests' own files.
  if (here.found.size > 0) expect({ ...countLeftovers(), descriptors: 0 }).toEqual({ ...before, descriptors: 0 });
});

/** The prompt's code, as the chat prompt holds it, and the body, in a fenced block. */
function chatAnswer(plan: GenerativePlan, id: string, body: string): string {
  const prompt = plan.samples.find((sample) => sample.id === id)?.prompt ?? '';
  const [, code = ''] = /```\w+\n([\s\S]*?)\n?```$/.exec(prompt) ?? [];
  const closing = id.includes('/java/') || id.includes('/cs/') ? '\n    }\n}\n' : '\n}\n';
  return `Of course:\n\n\`\`\`\n${code}\n${body}${closing}\`\`\`\nIt works.`;
}

async function judge(plan: GenerativePlan, id: string, body: string) {
  const answer = { text: chatAnswer(plan, id, body), end: 'eos' } as const;
  return judgeAnswer(id, answer, { judge: plan.judge, programs: pool });
}

const stubs: Readonly<Record<CodeLanguage, string>> = {
  cpp: 'return {};',
  java: 'return null;',
  cs: 'return null;',
  js: 'return null;',
  ts: 'return null as any;',
  php: 'return null;',
  sh: 'true',
};

describe.each(names)('%s', (name) => {
  describeLanguage(name, () => {
    test(
      'reference solutions of the problems in the box pass, and a stub fails',
      async () => {
        const plan = await planOf('embedded');
        const passed = await Promise.all(
          sampleSolutions[name].map((body, task) => judge(plan, `humaneval-mul/${name}/${task}`, body)),
        );
        expect(passed.map(({ status, rule }) => [status, rule])).toEqual(Array(3).fill(['correct', 'tests']));
        // Every assertion of the test has asked.
        expect(passed.map(({ sandbox }) => sandbox?.calls)).toEqual([6, 6, 6]);
        const stub = await judge(plan, `humaneval-mul/${name}/1`, stubs[name]);
        expect([stub.status, stub.score]).toEqual(['wrong', 0]);
      },
      3 * minutes,
    );

    test(
      'what is no program of the language is a syntax error',
      async () => {
        const program = name === 'php' ? '<?php\nfunction add( {' : 'function add( {{{ (';
        const verdict = await pool.run({ ...sumTask[name], program, language: name });
        expect(answerOf(verdict)).toBe('failed(syntax)');
        expect(verdict.detail).not.toBe('');
      },
      2 * minutes,
    );

    const attacks = languageAttacks.filter(({ language }) => language === name);
    const verdicts = new Map<string, Promise<SandboxVerdict>>();
    beforeAll(() => {
      for (const one of attacks) verdicts.set(one.name, pool.run({ ...sumTask[name], ...one }));
    });
    test.each(attacks)(
      '$name',
      async ({ name: attack, expected }) => {
        const verdict = await (verdicts.get(attack) as Promise<SandboxVerdict>);
        expect(expected).toContain(answerOf(verdict));
      },
      3 * minutes,
    );

    testPublished(
      'solutions of published problems pass, which type what is passed and returned in every way',
      async () => {
        const plan = await planOf(PUBLISHED);
        const known = Object.entries(publishedSolutions[name]);
        expect(known.length).toBeGreaterThanOrEqual(5);
        // Two compilers take seconds for each program.
        const isSlow = (name === 'cpp' || name === 'java') && !process.env.EVALRUN_EXHAUSTIVE;
        const solutions = isSlow ? known.slice(0, 2) : known;
        const judged = await Promise.all(
          solutions.map(([task, body]) => judge(plan, `humaneval-mul/${name}/${task}`, body)),
        );
        expect(judged.map(({ status, sandbox }, at) => [solutions[at]?.[0], status, sandbox?.detail])).toEqual(
          solutions.map(([task]) => [task, 'correct', '']),
        );
      },
      5 * minutes,
    );
  });
});

describe('a toolchain that is not there', () => {
  test('is an error of the sandbox and never a wrong answer', async () => {
    if (here.found.size === 0) return;
    const bare = await SandboxPool.open({ workers: 1 });
    const verdict = await bare.run({ ...sumTask.php, program: '<?php\n', language: 'php' });
    await bare.close();
    expect([verdict.status, verdict.detail]).toEqual([
      'sandbox_error',
      'php cannot be run: its toolchain was not opened',
    ]);
  });
});
