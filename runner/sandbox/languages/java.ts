/** Java: class Problem with the program in one virtual machine, class Problem with the test in another. */
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

const tuples = ['Tuple', 'Unit', 'Pair', 'Triplet', 'Quartet'].map((name) => `org/javatuples/${name}.java`);

/** One thread of each kind, because a task has only so many, and no optimising compiler for programs that run once. */
const machineFlags = '-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:CICompilerCount=1 -Xshare:auto';

function testSource({ prelude, test, entryPoint }: LanguageTask): string {
  const { returns, parameters } = parseSignature(prelude, entryPoint);
  // The class alone says how wide a number is; what is in a list is as the candidate has put it there.
  const type = /^[\w.]+/.exec(returns)?.[0] ?? 'Object';
  const asked = ['Object.class', ...parameters];
  if (/^[a-z]/.test(type)) asked[0] = `${type}.class`;
  return `${prelude}return (${returns}) EvalrunJudge.ask(${asked.join(', ')});\n${test}`;
}

function sources(role: string, problem: string): Record<string, string> {
  const names = ['EvalrunChannel.java', `${role}.java`, ...tuples];
  return { ...Object.fromEntries(names.map((name) => [name, languageFile(`java/${name}`)])), 'Problem.java': problem };
}

export const java: Language = {
  name: 'java',
  title: 'Java',
  install: 'install a Java development kit, 11 or newer (apt-get install default-jdk-headless)',
  find: async () => {
    const compiler = findProgram('javac');
    if (compiler === undefined) return 'javac is not on PATH';
    // Both programs belong together, whatever else is on PATH.
    const home = path.dirname(path.dirname(mountFile(compiler).from));
    const [javac, machine] = [path.join(home, 'bin', 'javac'), path.join(home, 'bin', 'java')];
    const version = await outputOf(machine, ['-version']);
    if (version === undefined) return `${machine} does not run`;
    const libraries = ['lib', 'lib/server'].flatMap((folder) => {
      const [at] = mountFolders([path.join(home, folder)]);
      return at === undefined
        ? []
        : readdirSync(at.from)
            .filter((name) => name.endsWith('.so'))
            .map((name) => path.join(at.at, name));
    });
    const outside = (await libraryMounts(libraries)).filter(({ at }) => !at.startsWith(`${home}/`));
    const programs = await programMounts(['/bin/sh']);
    const settings = mountFolders(
      readdirSync('/etc')
        .filter((name) => /^java/.test(name))
        .map((name) => `/etc/${name}`),
    );
    return {
      language: 'java',
      version: `Java ${/version "([^"]+)"/.exec(version)?.[1] ?? '?'}`,
      mounts: uniqueMounts([mountFile(home), ...settings, ...programs, ...outside]),
      // Without /proc its programs do not find their own libraries.
      environment: {
        LD_LIBRARY_PATH: `${home}/lib:${home}/lib/server:${libraryPath([...programs, ...outside])}`,
        JAVA_HOME: home,
      },
      startMs: 40_000,
      limitsAddressSpace: false,
      candidate: (task) => ({
        files: sources('EvalrunCandidate', task.program),
        compile: compileWith(javac),
        run: `${machine} ${machineFlags} -Xmx512m -Xss16m EvalrunCandidate ${task.entryPoint} <&3 >&3`,
      }),
      judge: (task, nonce) => ({
        files: sources('EvalrunJudge', testSource(task)),
        compile: compileWith(javac),
        run: `${machine} ${machineFlags} -Xmx512m -Xss16m -ea EvalrunJudge ${nonce} <&3 >&3`,
      }),
    };
  },
  proof: {
    prelude:
      'import java.util.*;\nimport org.javatuples.*;\nclass Problem {\n    public static long add(long x, long y) {\n',
    program:
      'import java.util.*;\nimport org.javatuples.*;\nclass Problem {\n    public static long add(long x, long y) {\n        return x + y;\n    }\n}\n',
    test: '    }\n    public static void main(String[] args) {\n    assert(add((1l), (2l)) == (3l));\n    }\n\n}\n',
    entryPoint: 'add',
  },
};

function compileWith(javac: string): string {
  const machine = machineFlags.split(' ').map((flag) => `-J${flag}`);
  return `${javac} ${machine.join(' ')} -J-Xmx512m -encoding UTF-8 -nowarn -Xlint:none -proc:none *.java ${tuples.join(' ')}`;
}
