/** `bits/stdc++.h` compiled ahead: two thirds of the time that a small C++ program takes to compile is spent in it. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  constants as fsConstants,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Mount } from './language.js';

const header = 'standard.hpp';
/** Where programs find it: their own temporary files cover ours. */
const place = '/precompiled';

/** To make it takes as long as to compile so many programs without it. */
const worthwhile = 3;

/**
 * A folder with the header and, as soon as it is made, its compiled form; made once for a compiler and its headers (100 MB, a few
 * seconds beside other work) and kept among the temporary files, where the users that the sandbox gives to programs can read it.
 * Where it cannot be made, programs take longer to compile and nothing else.
 */
export class PrecompiledHeader {
  private asked = 0;

  private constructor(
    readonly folder: string,
    private readonly compiler: string,
    private readonly flags: string,
  ) {}

  /** `version`: of the compiler; `headers`: files whose change makes another header of it. Undefined where the folder cannot be made. */
  static find(
    compiler: string,
    flags: string,
    { version, headers, temporary = os.tmpdir() }: { version: string; headers: readonly string[]; temporary?: string },
  ): PrecompiledHeader | undefined {
    const hash = createHash('sha256').update(JSON.stringify([compiler, version, flags]));
    for (const file of headers) {
      if (!existsSync(file)) return undefined;
      const { size, mtimeMs } = statSync(file);
      hash.update(JSON.stringify([file, size, mtimeMs]));
    }
    const own = path.join(temporary, `evalrun-precompiled-${process.getuid?.() ?? 0}`);
    const folder = path.join(own, hash.digest('hex').slice(0, 16));
    try {
      mkdirSync(own, { recursive: true, mode: 0o755 });
      if (!isOursAlone(own) || !isOpenToAll(own)) return undefined;
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      const source = path.join(folder, header);
      if (!existsSync(source)) writeFileSync(source, '#include <bits/stdc++.h>\n', { mode: 0o644 });
    } catch {
      return undefined;
    }
    return new PrecompiledHeader(folder, compiler, flags);
  }

  get mount(): Mount {
    return { from: this.folder, at: place };
  }

  isReady(): boolean {
    return existsSync(path.join(this.folder, `${header}.gch`));
  }

  /**
   * A command that compiles the source with it; without it where it is not ready, or the program would see it in another state: only
   * line comments and other headers may come before `#include <bits/stdc++.h>`. What does not compile with it is compiled without.
   * Begins to make it when so many programs have asked that it pays.
   */
  wrap(command: (flags: string) => string, program: string): string {
    const plain = command('');
    if (!beginsWithStandard(program)) return plain;
    if (!this.isReady()) {
      this.asked += 1;
      if (this.asked === worthwhile) noted(make(this.compiler, this.flags, this.folder));
      return plain;
    }
    return `{ ${command(` -include ${place}/${header}`)} 2>/dev/null || ${plain}; }`;
  }
}

/** Others may write where temporary files are: what they put there is not used. */
function isOursAlone(folder: string): boolean {
  const { uid, mode } = lstatSync(folder);
  return (
    (mode & fsConstants.S_IFMT) === fsConstants.S_IFDIR && uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0
  );
}

function isOpenToAll(folder: string): boolean {
  for (let above = path.resolve(folder); ; above = path.dirname(above)) {
    if ((statSync(above).mode & 0o001) === 0) return false;
    if (above === path.dirname(above)) return true;
  }
}

const inTheMaking = new Set<Promise<void>>();

function noted(making: Promise<void>): void {
  inTheMaking.add(making);
  making.finally(() => inTheMaking.delete(making));
}

/** Settles when no header is being made by this process: for whoever counts its processes. */
export async function headersMade(): Promise<void> {
  await Promise.all(inTheMaking);
}

/**
 * Beside whatever else is done, and to its end when this process ends before: nothing waits for it. Several processes may do it at
 * once, and the last one's is kept.
 */
function make(compiler: string, flags: string, folder: string): Promise<void> {
  removeAbandoned(folder);
  const unfinished = `${header}.${process.pid}.part`;
  const script = 'umask 022; "$@" && mv "$unfinished" "$finished" || rm -f "$unfinished"';
  const args = ['-c', script, 'sh', compiler, ...flags.split(' '), '-x', 'c++-header', header, '-o', unfinished];
  const env = { ...process.env, unfinished, finished: `${header}.gch` };
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', args, { cwd: folder, env, stdio: 'ignore' });
    child.unref();
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
}

/** What processes left that were killed. */
function removeAbandoned(folder: string): void {
  const hour = 3_600_000;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (name.endsWith('.part') && Date.now() - modified > hour) rmSync(file, { force: true });
  }
}

/** Exported for tests. Line by line: the program is a model's. */
export function beginsWithStandard(program: string): boolean {
  for (const line of program.split('\n')) {
    const text = line.trim();
    const [, name] = /^#\s*include\s*<([\w./+-]+)>$/.exec(text) ?? [];
    if (name === 'bits/stdc++.h') return true;
    // A comment that ends in a backslash goes on in the next line.
    const isHarmless = text === '' || name !== undefined || (text.startsWith('//') && !text.endsWith('\\'));
    if (!isHarmless) return false;
  }
  return false;
}
