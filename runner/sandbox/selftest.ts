/** Fires the whole catalogue of attacks at each rung of the sandbox that this machine has and says which answers were right. */
import os from 'node:os';
import { EvalrunError } from '../../errors.js';
import { type Attack, answerOf } from './attacks/attack.js';
import { channels } from './attacks/channels.js';
import { escapes } from './attacks/escapes.js';
import { forgeries } from './attacks/forgeries.js';
import { javascriptAttacks } from './attacks/javascript.js';
import { overloads } from './attacks/overloads.js';
import { values } from './attacks/values.js';
import { countLeftovers } from './leftovers.js';
import { SandboxPool } from './pool.js';
import { rungs as everyRung, type IsolatingRung } from './sandbox.js';
import type { PythonTask } from './split-judge.js';
import { type SandboxReport, sandboxStatus } from './status.js';

export interface SelftestRow {
  readonly row: number;
  readonly attack: string;
  readonly expected: string;
  /** By rung; a rung that this machine does not have is missing. */
  readonly answers: Readonly<Partial<Record<IsolatingRung, SelftestAnswer>>>;
}

/** `skipped`: why the attack means nothing on this rung; then nothing was fired. */
export type SelftestAnswer =
  | { readonly got: string; readonly ok: boolean; readonly detail: string }
  | { readonly skipped: string };

export interface SelftestResult {
  /** Of each rung that was asked for; `none` with the reason for one that this machine does not have. */
  readonly reports: Readonly<Partial<Record<IsolatingRung, SandboxReport>>>;
  /** Empty when there is no rung. */
  readonly rows: readonly SelftestRow[];
  /** Rows of the catalogue that are answered elsewhere. */
  readonly elsewhere: readonly { readonly row: number; readonly why: string }[];
  readonly wallMs: number;
}

export interface SelftestOptions {
  /** All, when absent; one that is asked for by name and not there is an error. */
  readonly rungs?: readonly IsolatingRung[];
  /** What to fire; the whole catalogue when absent. */
  readonly only?: readonly Attack[];
  readonly onAnswer?: (rung: IsolatingRung, attack: string) => void;
}

export const attacks: readonly Attack[] = [
  ...[...forgeries, ...overloads, ...escapes],
  ...[...javascriptAttacks, ...values, ...channels],
];

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
export async function runSelftest(options: SelftestOptions = {}): Promise<SelftestResult> {
  const { rungs = everyRung, only = attacks, onAnswer } = options;
  const start = performance.now();
  const reports: Partial<Record<IsolatingRung, SandboxReport>> = {};
  const table = new Map<string, SelftestRow>();
  for (const rung of rungs) {
    reports[rung] = await sandboxStatus({ rung });
    if (reports[rung].rung === 'none') continue;
    const add: Add = ({ row, attack, expected }, answer) => {
      const { answers = {} } = table.get(`${row} ${attack}`) ?? {};
      table.set(`${row} ${attack}`, { row, attack, expected, answers: { ...answers, [rung]: answer } });
      onAnswer?.(rung, attack);
    };
    await fireAll(only, rung, add);
  }
  const rows = [...table.values()].sort((a, b) => a.row - b.row);
  return { reports, rows, elsewhere, wallMs: performance.now() - start };
}

type Add = (row: Omit<SelftestRow, 'answers'>, answer: SelftestAnswer) => void;

async function fireAll(list: readonly Attack[], rung: IsolatingRung, add: Add): Promise<void> {
  const before = countLeftovers();
  const meant = list.filter((attack) => {
    const skipped = attack.notOn?.[rung];
    if (skipped !== undefined) add(headOf(attack), { skipped });
    return skipped === undefined;
  });
  for (const group of byLimits(meant)) await fire(group, rung, add);
  await leakBetweenSamples(rung, add);
  await missingSandbox(rung, add);
  const after = countLeftovers();
  const grown = Object.entries(after).filter(([name, count]) => count > before[name as keyof typeof before]);
  const got = grown.length === 0 ? 'nothing' : grown.map(([name]) => name).join(', ');
  const detail = `after ${meant.length + 2} programs`;
  add({ row: 36, attack: 'what is left behind', expected: 'nothing' }, { got, ok: grown.length === 0, detail });
}

function headOf({ row, name, expected }: Attack): Omit<SelftestRow, 'answers'> {
  return { row, attack: name, expected: expected.join(' | ') };
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

async function fire(group: readonly Attack[], rung: IsolatingRung, add: Add): Promise<void> {
  const workers = Math.max(2, os.availableParallelism());
  const limits = group[0]?.limits ?? {};
  const pool = await SandboxPool.open({ rung, limits, workers, repeatFailures: false });
  try {
    await Promise.all(
      group.map(async (attack) => {
        const verdict = await pool.run(attack);
        const got = answerOf(verdict);
        add(headOf(attack), { got, ok: attack.expected.includes(got), detail: verdict.detail });
      }),
    );
  } finally {
    await pool.close();
  }
}

/** Row 35: what one program leaves in files and modules, the next in the same place must not see. */
async function leakBetweenSamples(rung: IsolatingRung, add: Add): Promise<void> {
  const leaver =
    "open('/tmp/left', 'w').write('x')\nimport builtins\nbuiltins.left = 1\ndef add(x, y):\n    return x + y\n";
  const finder =
    "import builtins, os\ndef add(x, y):\n    return x + y + len(os.listdir('/tmp')) + hasattr(builtins, 'left')\n";
  const pool = await SandboxPool.open({ rung, workers: 1, repeatFailures: false });
  try {
    const first = answerOf(await pool.run({ ...sumTask, program: leaver }));
    const second = await pool.run({ ...sumTask, program: finder });
    const got = `${first}, ${answerOf(second)}`;
    const expected = 'passed, passed';
    const { detail } = second;
    add({ row: 35, attack: 'a program after another', expected }, { got, ok: got === expected, detail });
  } finally {
    await pool.close();
  }
}

/** Row 33: a sandbox that is not there is an error of the run, never a wrong answer. */
async function missingSandbox(rung: IsolatingRung, add: Add): Promise<void> {
  const row = { row: 33, attack: 'the sandbox is missing', expected: 'run/sandbox-missing' };
  try {
    const pool = await SandboxPool.open({ rung, bubblewrap: '/nonexistent/bwrap', pyodide: '/nonexistent/pyodide' });
    await pool.close();
    add(row, { got: 'a pool', ok: false, detail: '' });
  } catch (error) {
    const got = error instanceof EvalrunError ? error.code : String(error);
    add(row, { got, ok: got === row.expected, detail: '' });
  }
}
