import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../../package-root.js';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import type { PythonTask } from '../../../runner/sandbox/split-judge.js';
import { describeInSandbox } from './present.js';

interface Row {
  readonly task_id: string;
  readonly prompt: string;
  readonly canonical_solution: string;
  readonly test: string;
  readonly entry_point: string;
}

const shared = process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared');
const file = path.join(shared, 'datasets', 'humaneval', 'HumanEval.jsonl.gz');
const isHere = existsSync(file);
const rows: Row[] = isHere
  ? gunzipSync(readFileSync(file))
      .toString('utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];

const taskOf = (row: Row, body: string): PythonTask => ({
  program: row.prompt + body,
  prelude: row.prompt,
  test: row.test,
  entryPoint: row.entry_point,
});

describeInSandbox(`HumanEval${isHere ? '' : ' (skipped: the published file is not here)'}`, () => {
  const when = isHere ? test : test.skip;
  when(
    'passes 164 of 164 canonical solutions and none of 164 stubs, and says how long a task takes',
    async () => {
      const pool = await SandboxPool.open({ workers: 2, repeatFailures: false });
      const judge = (body: (row: Row) => string) =>
        Promise.all(rows.map(async (row) => ({ id: row.task_id, ...(await pool.run(taskOf(row, body(row)))) })));
      const canonical = await judge((row) => row.canonical_solution);
      const stubs = await judge(() => '    return None\n');
      await pool.close();
      expect(canonical).toHaveLength(164);
      expect(canonical.filter(({ status }) => status !== 'passed')).toEqual([]);
      expect(canonical.reduce((sum, { calls }) => sum + calls, 0)).toBe(1537);
      expect(stubs.filter(({ status }) => status !== 'failed')).toEqual([]);
      const walls = canonical.map(({ usage }) => usage.wallMs).sort((a, b) => a - b);
      process.stderr.write(
        `HumanEval: median ${walls[82]?.toFixed(0)} ms, slowest ${walls[163]?.toFixed(0)} ms a task\n`,
      );
    },
    120_000,
  );
});
