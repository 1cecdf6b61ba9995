/** Stands in for the sandbox: a program's own last line says what becomes of it. */
import type { ProgramRunner } from '../../runner/judge-answer.js';
import type { ProgramTask } from '../../runner/sandbox/split-judge.js';
import type { SandboxStatus } from '../../runner/sandbox/verdict.js';

export interface FakePrograms extends ProgramRunner {
  readonly tasks: ProgramTask[];
  closed: boolean;
}

/** `# passed`, `# timeout`, `# oom`, `# sandbox_error`, `# failed` at the end of a program; anything else fails. */
export function fakePrograms(): FakePrograms {
  const programs: FakePrograms = {
    tasks: [],
    closed: false,
    report: {
      ...{ rung: 'bubblewrap', bubblewrap: '0.8.0', pyodide: null, python: '3.11.2' },
      ...{ packages: {}, defences: [], passedOver: [] },
    },
    async run(task) {
      programs.tasks.push(task);
      await new Promise((resolve) => setTimeout(resolve, 1));
      const word = /# (passed|timeout|oom|sandbox_error)\s*$/.exec(task.program)?.[1];
      const status = (word ?? 'failed') as SandboxStatus;
      return {
        status,
        ...(status === 'failed' && { kind: 'assertion' as const }),
        detail: `took ${Math.random()} s`,
        calls: 3,
        output: '',
        usage: { wallMs: Math.random() * 100, cpuMs: 1.5, maxRssBytes: 1000, outputBytes: 0 },
        rung: 'bubblewrap',
      };
    },
    async close() {
      programs.closed = true;
    },
  };
  return programs;
}
