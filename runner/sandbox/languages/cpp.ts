/** C++ by g++: the program and the test are two programs, each compiled by itself. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { findProgram, libraryPath, mountFolders, outputOf, programMounts, uniqueMounts } from './installed-files.js';
import type { Language, LanguageTask } from './language.js';
import { languageFile } from './language-file.js';
import { PrecompiledHeader } from './precompiled-header.js';
import { parseSignature } from './signature.js';

/** As DeepSeek-Coder compiles: without optimisation, which also takes less time. */
const flags = '-std=c++17 -w -pipe';

/** The test with a body of the function that asks, and asserts that end in a verdict and not in a signal. */
function testSource({ prelude, test, entryPoint }: LanguageTask): string {
  const { returns, parameters } = parseSignature(prelude, entryPoint);
  const assertion =
    '#undef assert\n' +
    '#define assert(...) ((__VA_ARGS__) ? void() : evalrun::finish("assertion", "assert: " #__VA_ARGS__))\n';
  // The published test begins with the brace that closes the function.
  return tagUnions(
    `${prelude}return evalrun::ask<${returns}>(${parameters.join(', ')});\n${test.replace('}', `}\n${assertion}`)}`,
  );
}

/**
 * The unions of MultiPL-E do not know which of their members they hold, and destroy none: as structures they hold all of them,
 * which is what their constructors and comparisons need.
 */
function tagUnions(source: string): string {
  return source.replace(/^union (?=Union_\w+\s*\{)/gm, 'struct ');
}

/** Task 162 asks for an MD5 sum, which programs take from OpenSSL where its headers are installed. */
function librariesOf(program: string): string {
  return program.includes('<openssl/') ? ' -lcrypto' : '';
}

/** What the compiler itself starts, and where it looks for headers and libraries. */
async function compilerParts(compiler: string): Promise<{ programs: string[]; folders: string[] } | undefined> {
  const ask = async (name: string) => (await outputOf(compiler, [name]))?.trim() ?? '';
  const programs: string[] = [];
  for (const name of ['cc1plus', 'collect2', 'as', 'ld']) {
    const file = await ask(`-print-prog-name=${name}`);
    const found = path.isAbsolute(file) ? file : findProgram(file);
    if (found === undefined) return undefined;
    programs.push(found);
  }
  const folders = ['crt1.o', 'libstdc++.so', 'crtbegin.o'].map((name) => ask(`-print-file-name=${name}`));
  return {
    programs,
    folders: [
      ...(await Promise.all(folders)).filter(path.isAbsolute).map((file) => path.dirname(path.normalize(file))),
      '/usr/include',
    ],
  };
}

/** What tells one state of the compiler and its headers from another. */
async function headersOf(compiler: string, parts: { programs: string[] }): Promise<string[]> {
  const folders = (await outputOf(compiler, ['-E', '-Wp,-v', '-x', 'c++', '/dev/null'])) ?? '';
  const standard = folders
    .split('\n')
    .map((line) => path.join(line.trim(), 'bits', 'stdc++.h'))
    .find((file) => path.isAbsolute(file) && existsSync(file));
  // Without one there is nothing to compile ahead.
  return [...parts.programs, standard ?? '/no/bits/stdc++.h'];
}

/** Where /lib is a link to /usr/lib, the linker's own scripts still name files below /lib. */
function withOtherNames(folders: readonly string[]): string[] {
  const isMerged = realpathSync('/lib') === '/usr/lib';
  const below = folders.filter((folder) => isMerged && folder.startsWith('/usr/lib/'));
  return [...folders, ...below.map((folder) => folder.slice('/usr'.length))];
}

export const cpp: Language = {
  name: 'cpp',
  title: 'C++',
  install: 'install g++ 7 or newer (apt-get install g++)',
  find: async () => {
    const compiler = findProgram('g++');
    const parts = compiler === undefined ? undefined : await compilerParts(compiler);
    if (compiler === undefined) return 'g++ is not on PATH';
    const version = await outputOf(compiler, ['--version']);
    if (parts === undefined || version === undefined) return `${compiler} does not run`;
    const programs = await programMounts(['/bin/sh', compiler, ...parts.programs]);
    const standard = PrecompiledHeader.find(compiler, flags, {
      version,
      headers: await headersOf(compiler, parts),
    });
    const compile = (program: string, rest: string) => {
      const command = (more: string) => `${compiler} ${flags}${more} ${rest}`;
      return standard === undefined ? command('') : standard.wrap(command, program);
    };
    return {
      language: 'cpp',
      version: version.split('\n')[0] ?? '',
      mounts: uniqueMounts([
        ...mountFolders(withOtherNames(parts.folders)),
        ...programs,
        ...(standard === undefined ? [] : [standard.mount]),
      ]),
      environment: { LD_LIBRARY_PATH: libraryPath(programs), TMPDIR: '/tmp' },
      startMs: 30_000,
      limitsAddressSpace: true,
      candidate: (task) => ({
        files: {
          'channel.hpp': languageFile('cpp/channel.hpp'),
          'candidate.cpp': languageFile('cpp/candidate.cpp'),
          'solution.cpp': tagUnions(task.program),
        },
        compile: compile(
          task.program,
          `-DEVALRUN_ENTRY=${task.entryPoint} candidate.cpp -o candidate${librariesOf(task.program)}`,
        ),
        run: './candidate',
      }),
      judge: (task, nonce) => ({
        files: {
          'channel.hpp': languageFile('cpp/channel.hpp'),
          'judge.cpp': languageFile('cpp/judge.cpp'),
          'test.cpp': testSource(task),
        },
        compile: compile(task.prelude, 'judge.cpp -o judge'),
        run: `./judge ${nonce}`,
      }),
    };
  },
  proof: {
    prelude: '#include<assert.h>\n#include<bits/stdc++.h>\nlong add(long x, long y) {\n',
    program: '#include<assert.h>\n#include<bits/stdc++.h>\nlong add(long x, long y) {\n  return x + y;\n}\n',
    test: '}\nint main() {\n  auto candidate = add;\n  assert(candidate((1), (2)) == (3));\n}\n',
    entryPoint: 'add',
  },
};
