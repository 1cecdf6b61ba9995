import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { addRunOptions } from '../../cli/run-options.js';
import { packageRoot } from '../../package-root.js';

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

/** The arguments of every `evalrun` in a piece of shell, as far as such lines go: quotes, variables, redirections. */
function evalrunCalls(shell: string, values: Readonly<Record<string, string>>): string[][] {
  return shell
    .replace(/\\\n\s*/g, ' ')
    .split(/\n|&&|\|\|?|;/)
    .flatMap((line) => /(?:^|\s)(?:npx )?evalrun (.*)$/.exec(line)?.[1] ?? [])
    .map((text) =>
      text
        .replace(/\s*>.*$/, '')
        .replace(/\$\{(\w+):\+([^}]*)\}/g, (_, name: string, then: string) => (values[name] ? then : ''))
        .replace(/"?\$(\w+)"?/g, (_, name: string) => values[name] ?? `UNSET-${name}`)
        .split(/\s+/)
        .filter((word) => word !== ''),
    );
}

function distinct(calls: readonly string[][]): string[][] {
  return [...new Map(calls.map((args) => [args.join(' '), args])).values()];
}

/** The subcommand with its options and without its effect. */
async function commandOf(first: string): Promise<Command> {
  if (first.startsWith('-')) {
    const { Command } = await import('commander');
    return addRunOptions(new Command('run'));
  }
  const module = (await import(`../../cli/${first}.js`)) as Readonly<Record<string, () => Command>>;
  const make = module[`${first}Command`];
  if (make === undefined) throw new Error(`cli/${first}.js has no ${first}Command`);
  return make();
}

async function checkCall(args: readonly string[]): Promise<void> {
  const [first = ''] = args;
  const command = await commandOf(first);
  let isRun = false;
  const disarm = (each: Command) => {
    each.exitOverride().configureOutput({ outputError: () => {} });
    if (each.commands.length === 0) {
      each.action(() => {
        isRun = true;
      });
    }
    each.commands.forEach(disarm);
  };
  disarm(command);
  await command.parseAsync([...(first.startsWith('-') ? args : args.slice(1))], { from: 'user' });
  expect(isRun).toBe(true);
}

const documents = ['.github/workflows/nightly.yml', 'docs/nightly.md'] as const;
const shellOf = {
  '.github/workflows/nightly.yml': steps.map(({ run = '' }) => run).join('\n'),
  'docs/nightly.md': [...read('docs/nightly.md').matchAll(/^ {4}(.*)$|^```(?:sh|bash)\n([\s\S]*?)^```/gm)]
    .map(([, line, block]) => line ?? block)
    .join('\n'),
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
