/** Fires the whole catalogue of attacks at the sandbox of this machine and says which answers were right. */
import os from 'node:os';
import { EvalrunError } from '../../errors.js';
import { type Attack, answerOf } from './attacks/attack.js';
import { escapes } from './attacks/escapes.js';
import { forgeries } from './attacks/forgeries.js';
import { overloads } from './attacks/overloads.js';
import { countLeftovers } from './leftovers.js';
import { SandboxPool } from './pool.js';
import type { SandboxOptions } from './sandbox.js';
import type { PythonTask } from './split-judge.js';
import { type SandboxReport, sandboxStatus } from './status.js';

export interface SelftestRow {
  readonly row: number;
  readonly attack: string;
  readonly expected: string;
  readonly got: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface SelftestResult {
  readonly report: SandboxReport;
  /** Empty when there is no rung. */
  readonly rows: readonly SelftestRow[];
  /** Rows of the catalogue that are answered elsewhere. */
  readonly elsewhere: readonly { readonly row: number; readonly why: string }[];
  readonly wallMs: number;
}

export const attacks: readonly Attack[] = [...forgeries, ...overloads, ...escapes];

const elsewhere = [
  { row: 31, why: 'special-cased examples: a matter of the tests, see HumanEval+' },
  { row: 32, why: 'instructions to a judge model: no model judges here' },
];

const sumTask: PythonTask = {
  program: 'def add(x, y):\n    return x + y\n',
  test: 'def check(candidate):\n    assert candidate(1, 2) == 3\n',
  entryPoint: 'add',
};

/** Attacks of the catalogue and the cases that need more than one program, sorted by row. */
export async function runSelftest(
  options: SandboxOptions & { readonly onRow?: (row: SelftestRow) => void } = {},
): Promise<SelftestResult> {
  const start = performance.now();
  const report = await sandboxStatus({ ...options, unsafeExec: false });
  if (report.rung === 'none') return { report, rows: [], elsewhere, wallMs: 0 };
  const rows: SelftestRow[] = [];
  const add = (row: SelftestRow) => {
    rows.push(row);
    options.onRow?.(row);
  };
  const before = countLeftovers();
  for (const group of byLimits(attacks)) await fire(group, options, add);
  add(await leakBetweenSamples(options));
  add(await missingSandbox());
  const after = countLeftovers();
  const grown = Object.entries(after).filter(([name, count]) => count > before[name as keyof typeof before]);
  const got = grown.length === 0 ? 'nothing' : grown.map(([name]) => name).join(', ');
  const attack = `left behind after ${rows.length} programs`;
  add({ row: 36, attack, expected: 'nothing', got, ok: grown.length === 0, detail: '' });
  rows.sort((a, b) => a.row - b.row);
  return { report, rows, elsewhere, wallMs: performance.now() - start };
}

/** Attacks with the same limits share a pool. */
function byLimits(list: readonly Attack[]): Attack[][] {
  const groups = new Map<string, Attack[]>();
  for (const attack of list) {
    const key = JSON.stringify(attack.limits ?? {});
    groups.set(key, [...(groups.get(key) ?? []), attack]);
  }
  return [...groups.values()];
}

async function fire(group: readonly Attack[], options: SandboxOptions, add: (row: SelftestRow) => void): Promise<void> {
  const workers = Math.max(2, os.availableParallelism());
  const limits = group[0]?.limits ?? {};
  const pool = await SandboxPool.open({ ...options, limits, workers, repeatFailures: false });
  try {
    await Promise.all(
      group.map(async (attack) => {
        const verdict = await pool.run(attack);
        const got = answerOf(verdict);
        const { row, name, expected } = attack;
        const ok = expected.includes(got);
        add({ row, attack: name, expected: expected.join(' | '), got, ok, detail: verdict.detail });
      }),
    );
  } finally {
    await pool.close();
  }
}

/** Row 35: what one program leaves in files and modules, the next in the same place must not see. */
async function leakBetweenSamples(options: SandboxOptions): Promise<SelftestRow> {
  const leaver =
    "open('/tmp/left', 'w').write('x')\nimport builtins\nbuiltins.left = 1\ndef add(x, y):\n    return x + y\n";
  const finder =
    "import builtins, os\ndef add(x, y):\n    return x + y + len(os.listdir('/tmp')) + hasattr(builtins, 'left')\n";
  const pool = await SandboxPool.open({ ...options, workers: 1, repeatFailures: false });
  try {
    const first = answerOf(await pool.run({ ...sumTask, program: leaver }));
    const second = await pool.run({ ...sumTask, program: finder });
    const got = `${first}, ${answerOf(second)}`;
    const expected = 'passed, passed';
    return { row: 35, attack: 'a program after another', expected, got, ok: got === expected, detail: second.detail };
  } finally {
    await pool.close();
  }
}

/** Row 33: a sandbox that is not there is an error of the run, never a wrong answer. */
async function missingSandbox(): Promise<SelftestRow> {
  const row = { row: 33, attack: 'bubblewrap is missing', expected: 'run/sandbox-missing' };
  try {
    const pool = await SandboxPool.open({ bubblewrap: '/nonexistent/bwrap' });
    await pool.close();
    return { ...row, got: 'a pool', ok: false, detail: '' };
  } catch (error) {
    const got = error instanceof EvalrunError ? error.code : String(error);
    return { ...row, got, ok: got === row.expected, detail: '' };
  }
}
