/** HumanEval+ in the sandbox: reference solutions pass whatever the size of their answers, stubs and near misses fail. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../../package-root.js';
import { judgeAnswer, type ProgramRunner } from '../../../runner/judge-answer.js';
import { openPrograms } from '../../../runner/programs.js';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import { repairRootTest } from '../../../suites/grading/repair-root-test.js';
import { getSuite } from '../../../suites/registry.js';
import type { GenerativePlan } from '../../../suites/suite.js';
import { describeInSandbox } from './present.js';

const file = path.join(packageRoot, 'datasets', 'samples', 'humaneval-plus', 'HumanEvalPlus-OriginFmt.jsonl.gz');
const rows: readonly { readonly canonical_solution: string }[] = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

describeInSandbox('HumanEval+', () => {
  let programs: ProgramRunner;
  let plan: GenerativePlan;
  beforeAll(async () => {
    programs = await openPrograms({ unsafeExec: false });
    plan = (await getSuite('humaneval-plus').plan({ dataDir: 'embedded', seed: 0 }))[0] as GenerativePlan;
  });
  afterAll(() => programs.close());
  const judge = (task: number, text: string) =>
    judgeAnswer(`humaneval-plus/${task}`, { text, end: 'eos' }, { judge: plan.judge, programs });

  test('reference solutions in the box pass, stubs fail', async () => {
    const passed = await Promise.all(rows.map(({ canonical_solution: solution }, task) => judge(task, solution)));
    expect(passed.map(({ status }) => status)).toEqual(rows.map(() => 'correct'));
    const stubs = await Promise.all(rows.map((_, task) => judge(task, '    return None\n')));
    expect(stubs.map(({ status }) => status)).toEqual(rows.map(() => 'wrong'));
  }, 120_000);

  test.each([
    ['within the tolerance', '    return part / whole + 1e-9 if whole else 0.0\n', 'correct'],
    ['outside of it', '    return part / whole + 1e-5 if whole else 0.0\n', 'wrong'],
    ['of another type', '    return str(part / whole) if whole else 0.0\n', 'wrong'],
  ])('an answer %s is judged as NumPy would', async (_, body, status) => {
    expect((await judge(3, body)).status).toBe(status);
  });

  test('a judge that has NumPy compares with it, and one that has not with the stand-in', async () => {
    const numpy = programs.report.packages.numpy;
    const task = {
      program: 'def where():\n    import sys\n    return "numpy" in sys.modules\n',
      test: 'import numpy as np\ndef check(candidate):\n    assert candidate() is False\n    assert hasattr(np, "zeros") == NUMPY\n',
      entryPoint: 'where',
    };
    const verdict = await programs.run({
      ...task,
      test: task.test.replace('NUMPY', numpy === undefined ? 'False' : 'True'),
    });
    expect([verdict.status, verdict.detail]).toEqual(['passed', '']);
  });

  test('the repaired test of a root passes for a root and fails for another number', async () => {
    const published =
      'import math\n\ndef _poly(xs, x):\n    return sum(c * math.pow(x, i) for i, c in enumerate(xs))\n\n' +
      'def check(candidate):\n    inputs = [[[-6, 2]], [[9, 3]]]\n    for inp in inputs:\n        assert _poly(*candidate(*inp), inp) <= 0.0001\n';
    const task = { entryPoint: 'find_zero', test: repairRootTest(published) };
    const [right, wrong, unrepaired] = await Promise.all([
      programs.run({ ...task, program: 'def find_zero(xs):\n    return -xs[0] / xs[1]\n' }),
      // Its polynomial is -6: below the tolerance, but no root.
      programs.run({ ...task, program: 'def find_zero(xs):\n    return 0\n' }),
      programs.run({ ...task, test: published, program: 'def find_zero(xs):\n    return -xs[0] / xs[1]\n' }),
    ]);
    expect([right.status, wrong.kind, unrepaired.kind]).toEqual(['passed', 'assertion', 'exception']);
  });

  test('an answer larger than the usual limit needs the limits of the suite', async () => {
    const task = {
      program: 'def long_text():\n    return "x" * 20_000_000\n',
      test: 'def check(candidate):\n    assert len(candidate()) == 20_000_000\n',
      entryPoint: 'long_text',
    };
    const pool = await SandboxPool.open({ workers: 1, repeatFailures: false });
    const usual = await pool.run(task);
    const more = await pool.run({ ...task, limits: { replyBytes: 128 * 1024 ** 2 } });
    await pool.close();
    expect([usual.kind, more.status]).toEqual(['reply_limit', 'passed']);
  }, 60_000);
});
