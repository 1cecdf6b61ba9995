/** JavaScript on the node that runs evalrun, or on PATH. */

import { findProgram, libraryPath, outputOf, programMounts } from './installed-files.js';
import type { Language, Script, Toolchain } from './language.js';
import { languageFile } from './language-file.js';

const files = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, languageFile(`javascript/${name}`)]));

/** Names in their own folder: a program is not on the path that modules are looked for in. */
export function nodeCandidate(node: string, program: Script['files'], { file, entryPoint }: NodeEntry): Script {
  return {
    files: { ...files('channel.js', 'candidate.js'), ...program },
    run: `${node} ${nodeFlags} candidate.js ${file} ${entryPoint}`,
  };
}

export function nodeJudge(node: string, test: Script['files'], { file, entryPoint, nonce }: JudgeEntry): Script {
  return {
    files: { ...files('channel.js', 'judge.js'), ...test },
    run: `${node} ${nodeFlags} judge.js ${file} ${entryPoint} ${nonce}`,
  };
}

interface NodeEntry {
  readonly file: string;
  readonly entryPoint: string;
}
interface JudgeEntry extends NodeEntry {
  readonly nonce: string;
}

/** V8 reserves address space without using it, so its heap is what is limited. */
const nodeFlags = '--max-old-space-size=512 --stack-size=980 --no-warnings';

/** Node with its libraries; undefined where there is none. */
export async function findNode(): Promise<
  (Pick<Toolchain, 'mounts' | 'environment' | 'version'> & { node: string }) | undefined
> {
  const node = findProgram('node');
  const version = node === undefined ? undefined : await outputOf(node, ['--version']);
  if (node === undefined || version === undefined) return undefined;
  const mounts = await programMounts(['/bin/sh', node]);
  return { node, version: `node ${version.trim()}`, mounts, environment: { LD_LIBRARY_PATH: libraryPath(mounts) } };
}

export const javascript: Language = {
  name: 'js',
  title: 'JavaScript',
  install: 'install Node.js (apt-get install nodejs)',
  find: async () => {
    const found = await findNode();
    if (found === undefined) return 'node is not on PATH';
    const { node, ...rest } = found;
    return {
      ...rest,
      language: 'js',
      startMs: 10_000,
      limitsAddressSpace: false,
      candidate: ({ program, entryPoint }) =>
        nodeCandidate(node, { 'solution.js': program }, { file: 'solution.js', entryPoint }),
      judge: ({ test, entryPoint }, nonce) =>
        nodeJudge(node, { 'test.js': test }, { file: 'test.js', entryPoint, nonce }),
    };
  },
  proof: {
    prelude: 'function add(x, y) {\n',
    program: 'function add(x, y) {\n  return x + y;\n}\n',
    test: "const assert = require('node:assert');\nassert.deepEqual(add(1, 2), 3);\n",
    entryPoint: 'add',
  },
};
