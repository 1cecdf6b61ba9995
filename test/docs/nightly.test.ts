import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { packageRoot } from '../../package-root.js';
import { checkCall, distinct, evalrunCalls, shellIn } from './command-lines.js';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[]; readonly permissions?: unknown }>>;
}

const read = (file: string) => readFileSync(path.join(packageRoot, file), 'utf8');
const workflow = parse(read('.github/workflows/nightly.yml')) as Workflow;
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

/** What the shell makes of the variables, with a model named and one left out. */
const variables = [
  { ...workflow.env, MODEL: 'org/name', RUN: 'nightly/runs/x' },
  { ...workflow.env, MODEL: '', RUN: 'nightly/runs/x' },
];

const documents = ['.github/workflows/nightly.yml', 'docs/nightly.md'] as const;
const shellOf = {
  '.github/workflows/nightly.yml': steps.map(({ run = '' }) => run).join('\n'),
  'docs/nightly.md': shellIn(read('docs/nightly.md')),
};

describe.each(documents)('%s', (file) => {
  const calls = distinct(variables.flatMap((values) => evalrunCalls(shellOf[file], values)));

  test('calls evalrun to run, to gate and for the history', () => {
    const names = new Set(calls.map(([first]) => (first?.startsWith('-') ? 'run' : first)));
    for (const name of ['run', 'gate', 'history']) expect([...names]).toContain(name);
    expect(calls.flat().filter((word) => word.startsWith('UNSET-'))).toEqual([]);
  });

  test.each(calls.map((args) => [args.join(' '), args] as const))('"evalrun %s" parses', async (_, args) => {
    await checkCall(args);
  });
});

describe('the check itself', () => {
  test.each([['--suite mmlu --no-such-option'], ['history runs --htm x'], ['history a b'], ['data pul mmlu']])(
    '"evalrun %s" does not parse',
    async (text) => {
      await expect(checkCall(text.split(' '))).rejects.toThrow();
    },
  );
});

describe('the workflow', () => {
  test('may read the code and nothing else, and keeps no token in the checkout', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(Object.values(workflow.jobs).map((job) => job.permissions)).toEqual([undefined]);
    expect(read('.github/workflows/nightly.yml')).toContain('persist-credentials: false');
    expect(read('.github/workflows/nightly.yml')).not.toMatch(/secrets\.|pull_request/);
  });

  test('takes every action at a version', () => {
    const uses = steps.flatMap(({ uses }) => uses ?? []);
    expect(uses.length).toBeGreaterThan(3);
    for (const action of uses) expect(action).toMatch(/^actions\/[\w/-]+@(v\d+|[0-9a-f]{40})$/);
  });

  test('puts no expression into a shell: values come in by the environment', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  test('makes a night the baseline only after the gate let it through', () => {
    const at = (name: string) => steps.findIndex((step) => step.run?.includes(name));
    expect(at('evalrun gate')).toBeGreaterThan(at('evalrun --suite'));
    expect(at('nightly/good.new')).toBe(at('evalrun gate') + 1);
    expect(steps[at('nightly/good.new')]).not.toHaveProperty('if');
  });

  test('names suites that its policy knows', () => {
    const policy = parse(read('.github/nightly-policy.yaml')) as { suites: object };
    expect(Object.keys(policy.suites).sort()).toEqual(workflow.env.SUITES?.split(',').sort());
  });
});
