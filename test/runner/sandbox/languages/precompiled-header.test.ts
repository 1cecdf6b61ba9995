// The C++ header compiled ahead: which programs may use it, and that a program's verdict is the same with it and without.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { cpp } from '../../../../runner/sandbox/languages/cpp.js';
import { findProgram } from '../../../../runner/sandbox/languages/installed-files.js';
import type { Script, Toolchain } from '../../../../runner/sandbox/languages/language.js';
import {
  beginsWithStandard,
  headersMade,
  PrecompiledHeader,
} from '../../../../runner/sandbox/languages/precompiled-header.js';
import { SandboxPool } from '../../../../runner/sandbox/pool.js';
import { describeLanguage, here } from './here.js';

const temporary = mkdtempSync(path.join(os.tmpdir(), 'evalrun-precompiled-test-'));
chmodSync(temporary, 0o755);
afterAll(() => rmSync(temporary, { recursive: true }));

describe('programs that see the standard headers first', () => {
  test.each([
    ['published preludes', '#include<assert.h>\n#include<bits/stdc++.h>\nlong f();\n'],
    ['spaces, comments, other headers', '\n// says 1\n# include  <vector>\r\n#include <bits/stdc++.h>'],
  ])('%s', (_name, program) => expect(beginsWithStandard(program)).toBe(true));

  test.each([
    ['a macro before', '#define int long\n#include <bits/stdc++.h>\n'],
    ['a comment that swallows the next line', '// \\\n#include <bits/stdc++.h>\n'],
    ['a comment of several lines', '/*\n#include <bits/stdc++.h>\n*/\n'],
    ['code before', 'int x;\n#include <bits/stdc++.h>\n'],
    ['a condition', '#if 0\n#include <bits/stdc++.h>\n#endif\n'],
    ['a header of its own', '#include "mine.h"\n#include <bits/stdc++.h>\n'],
    ['without it', '#include <vector>\n'],
    ['nothing', ''],
  ])('not: %s', (_name, program) => expect(beginsWithStandard(program)).toBe(false));

  test('however long it is', () => {
    const program = '// \n'.repeat(200_000);
    expect(beginsWithStandard(program)).toBe(false);
    expect(beginsWithStandard(`${program}#include <bits/stdc++.h>`)).toBe(true);
  });
});

describeLanguage('cpp', () => {
  test('programs in the sandbox are compiled with it', async () => {
    const toolchain = here.found.get('cpp') as Toolchain;
    for (let i = 0; i < 3; ++i) toolchain.candidate(cpp.proof);
    await headersMade();
    // Without the second command, which compiles without it.
    const alone = (script: Script): Script => ({
      ...script,
      compile: script.compile?.replace(/ 2>.*/, '; }') ?? 'false',
    });
    const strict: Toolchain = {
      ...toolchain,
      candidate: (task) => alone(toolchain.candidate(task)),
      judge: (task, nonce) => alone(toolchain.judge(task, nonce)),
    };
    expect(strict.candidate(cpp.proof).compile).toMatch(/ -include \S+ .* -o candidate; \}$/);
    const toolchains = new Map([['cpp' as const, strict]]);
    const pool = await SandboxPool.open({ toolchains, workers: 1, repeatFailures: false });
    try {
      expect(await pool.run({ ...cpp.proof, language: 'cpp' })).toMatchObject({ status: 'passed' });
    } finally {
      await pool.close();
    }
  });
});

describe('the header', () => {
  const compiler = findProgram('g++') as string;
  const flags = '-std=c++17 -w -pipe';
  const options = { version: 'of this test', headers: [compiler], temporary };

  test('is made once, and used by what compiles with it', async () => {
    const header = PrecompiledHeader.find(compiler, flags, options);
    if (header === undefined) throw new Error('the folder could not be made');
    const source = path.join(temporary, 'program.cpp');
    const command = (more: string) => `${compiler} ${flags}${more} -H ${source} -o ${source}.out`;
    const program = '#include<bits/stdc++.h>\nint main() { std::vector<int> v(3); return v.size() != 3; }\n';
    // The first programs are not worth it, nor any that cannot use it.
    for (let i = 0; i < 5; ++i) header.wrap(command, 'int main() {}\n');
    for (let i = 0; i < 2; ++i) expect(header.wrap(command, program)).toBe(command(''));
    await headersMade();
    expect(readdirSync(header.folder)).toEqual(['standard.hpp']);
    expect(header.wrap(command, program)).toBe(command(''));
    await headersMade();
    expect(readdirSync(header.folder)).toEqual(['standard.hpp', 'standard.hpp.gch']);
    expect(header.isReady()).toBe(true);
    writeFileSync(source, program);
    const wrapped = header.wrap(command, program);
    expect(wrapped).toContain('-include');
    // -H marks a compiled header with "!".
    const here = wrapped.replace('2>/dev/null', '2>&1').replaceAll(header.mount.at, header.mount.from);
    expect(execFileSync('/bin/sh', ['-c', here], { encoding: 'utf8' })).toMatch(/^! .*standard\.hpp\.gch$/m);
    execFileSync(`${source}.out`);
    const again = PrecompiledHeader.find(compiler, flags, options);
    expect(again?.folder).toBe(header.folder);
    expect(again?.isReady()).toBe(true);
    const other = PrecompiledHeader.find(compiler, '-std=c++20', options);
    expect(other?.folder).not.toBe(header.folder);
    expect(other?.isReady()).toBe(false);
  });

  test('is no reason to refuse or to accept: what fails with it is compiled without', async () => {
    const header = PrecompiledHeader.find(compiler, flags, options);
    expect(header?.isReady()).toBe(true);
    const command = (more: string) => (more === '' ? 'echo plain' : 'false');
    const wrapped = header?.wrap(command, '#include <bits/stdc++.h>\n') ?? '';
    expect(execFileSync('/bin/sh', ['-c', wrapped], { encoding: 'utf8' })).toBe('plain\n');
  });

  test('is not taken from where others could have put it, nor where programs cannot read it', () => {
    const open = mkdtempSync(path.join(temporary, 'open-'));
    const find = () => PrecompiledHeader.find(compiler, flags, { ...options, temporary: open });
    expect(find()).toBeUndefined(); // 0700
    chmodSync(open, 0o755);
    const own = path.join(open, `evalrun-precompiled-${process.getuid?.() ?? 0}`);
    chmodSync(own, 0o777);
    expect(find()).toBeUndefined();
    rmSync(own, { recursive: true });
    symlinkSync(temporary, own);
    expect(find()).toBeUndefined();
  });

  test('is done without where it cannot be made', async () => {
    const file = path.join(temporary, 'a-file');
    writeFileSync(file, '');
    expect(PrecompiledHeader.find(compiler, flags, { ...options, temporary: file })).toBeUndefined();
    expect(PrecompiledHeader.find(compiler, flags, { ...options, headers: ['/no/such/header'] })).toBeUndefined();
    const broken = PrecompiledHeader.find('/bin/false', flags, options);
    for (let i = 0; i < 3; ++i) broken?.wrap(() => '', '#include <bits/stdc++.h>\n');
    await headersMade();
    expect(broken?.isReady()).toBe(false);
    expect(existsSync(path.join(broken?.folder ?? '', 'standard.hpp'))).toBe(true);
  });
});
