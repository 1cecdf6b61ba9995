/** C# by Mono: class Problem with the program in one virtual machine, class Problem with the test in another. */

import { readdirSync } from 'node:fs';
import path from 'node:path';
import {
  findProgram,
  libraryMounts,
  libraryPath,
  mountFile,
  mountFolders,
  outputOf,
  programMounts,
  uniqueMounts,
} from './installed-files.js';
import type { Language, LanguageTask } from './language.js';
import { languageFile } from './language-file.js';
import { parseSignature } from './signature.js';

function testSource({ prelude, test, entryPoint }: LanguageTask): string {
  const { returns, parameters } = parseSignature(prelude, entryPoint);
  return `${prelude}return EvalrunJudge.Ask<${returns}>(${parameters.join(', ')});\n${compareNull(test)}`;
}

/**
 * `F(x).Equals(null)` of the published tests throws when the answer is the null that it wants. DeepSeek-Coder's harness takes every
 * exception for a pass, so that nobody noticed; here the two are compared.
 */
function compareNull(test: string): string {
  return test.replace(/^(\s*Debug\.Assert\()(.+)\.Equals\(null\)\);$/gm, '$1object.Equals($2, null));');
}

function sources(role: string, problem: string): Record<string, string> {
  const names = ['EvalrunChannel.cs', `${role}.cs`];
  return { ...Object.fromEntries(names.map((name) => [name, languageFile(`csharp/${name}`)])), 'Problem.cs': problem };
}

export const csharp: Language = {
  name: 'cs',
  title: 'C#',
  install: 'install Mono (apt-get install mono-mcs libmono-system-numerics4.0-cil libmono-system-core4.0-cil)',
  find: async () => {
    const [mono, mcs] = [findProgram('mono'), findProgram('mcs')];
    if (mono === undefined || mcs === undefined) return `${mono === undefined ? 'mono' : 'mcs'} is not on PATH`;
    const version = await outputOf(mono, ['--version']);
    const prefix = path.dirname(path.dirname(mountFile(mono).from));
    const library = path.join(prefix, 'lib', 'mono');
    const compiler = path.join(library, '4.5', 'mcs.exe');
    const [folder] = mountFolders([path.join(prefix, 'lib')]);
    if (version === undefined || folder === undefined) return `${mono} does not run`;
    // What the class library calls; only the names are known before it is called.
    const native = readdirSync(folder.from)
      .filter((name) => /^lib(mono|Mono).*\.so/.test(name))
      .map((name) => path.join(folder.at, name));
    const mounts = uniqueMounts([
      ...mountFolders([library, '/etc/mono', '/usr/share/zoneinfo']),
      ...(await programMounts(['/bin/sh', mono])),
      ...mountFolders(native),
      ...(await libraryMounts(native)),
    ]);
    const compile = (role: string) =>
      `${mono} ${compiler} -d:DEBUG -debug -nowarn:0162,0168,0219,0414,0649 -r:System.Numerics.dll ` +
      `-main:${role} -out:program.exe ${role}.cs EvalrunChannel.cs Problem.cs`;
    return {
      language: 'cs',
      version: version.split('\n')[0]?.replace(/^Mono JIT compiler version (\S+).*/, 'Mono $1') ?? '',
      mounts,
      // Mono reads where its stack lies.
      needsProc: true,
      environment: { LD_LIBRARY_PATH: libraryPath(mounts), MONO_GC_PARAMS: 'max-heap-size=512m', MONO_ENABLE_SHM: '0' },
      startMs: 40_000,
      limitsAddressSpace: false,
      candidate: (task) => ({
        files: sources('EvalrunCandidate', task.program),
        compile: compile('EvalrunCandidate'),
        run: `${mono} program.exe ${task.entryPoint} <&3 >&3`,
      }),
      judge: (task, nonce) => ({
        files: sources('EvalrunJudge', testSource(task)),
        compile: compile('EvalrunJudge'),
        run: `${mono} --debug program.exe ${nonce} <&3 >&3`,
      }),
    };
  },
  proof: {
    prelude:
      'using System;\nusing System.Diagnostics;\nusing System.Numerics;\nclass Problem {\n    public static long Add(long x, long y) {\n',
    program:
      'using System;\nusing System.Diagnostics;\nusing System.Numerics;\nclass Problem {\n    public static long Add(long x, long y) {\n        return x + y;\n    }\n}\n',
    test: '    }\n    public static void Main(string[] args) {\n    Debug.Assert(Add((1L), (2L)) == (3L));\n    }\n\n}\n',
    entryPoint: 'Add',
  },
};
