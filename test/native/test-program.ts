// The native test programs: each lists its tests (--list) and runs those that are named, or all.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../package-root.js';

export class TestProgram {
  readonly file: string;

  constructor(name: string) {
    this.file = path.join(packageRoot, 'native', 'build', name);
  }

  get built(): boolean {
    return existsSync(this.file);
  }

  /** Both outputs as one text. */
  run(args: string[], environment: Record<string, string> = {}): { status: number | null; output: string } {
    const result = spawnSync(this.file, args, {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { ...process.env, ...environment },
    });
    const signal = result.signal === null ? '' : `\nended by ${result.signal}`;
    return { status: result.status, output: `${result.stdout}${result.stderr}${signal}` };
  }

  /** The tests' names; none where the program is missing or does not run. */
  list(): string[] {
    if (!this.built) return [];
    const { status, output } = this.run(['--list']);
    return status === 0 ? output.split('\n').filter((name) => name !== '') : [];
  }
}
