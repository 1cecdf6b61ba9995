/** Bash, with the small programs that scripts are made of. */

import { findProgram, libraryPath, mountFolders, outputOf, programMounts } from './installed-files.js';
import type { Language } from './language.js';
import { languageFile } from './language-file.js';

/** What POSIX promises to scripts and what is common beyond it, as far as it is installed here. */
const tools = (
  'awk basename bc cat cksum comm cp cut date dc dd dirname echo egrep env expand expr factor false fgrep fmt fold grep head join ls ' +
  'md5sum mkdir mktemp mv nl numfmt od paste perl printf rev rm sed seq sha1sum sha256sum shuf sleep sort split sum tac tail tee ' +
  'test touch tr true tsort uniq wc xargs xxd yes'
).split(' ');

export const bash: Language = {
  name: 'sh',
  title: 'Bash',
  install: 'install Bash (apt-get install bash)',
  find: async () => {
    const program = findProgram('bash');
    if (program === undefined) return 'bash is not on PATH';
    const version = await outputOf(program, ['--version']);
    if (version === undefined) return `${program} does not run`;
    const installed = tools.flatMap((name) => findProgram(name, '/usr/bin:/bin') ?? []);
    // Perl is there for its one-liners, without its library.
    const mounts = [
      // Lengths and cases of letters beyond ASCII.
      ...mountFolders(['/usr/lib/locale/C.utf8']),
      ...(await programMounts([...new Set(['/bin/sh', '/usr/bin/env', program, ...installed])])),
    ];
    const has = tools.filter((name) => installed.some((file) => file.endsWith(`/${name}`)));
    return {
      language: 'sh',
      version: `bash ${/version (\S+)/.exec(version)?.[1] ?? '?'} with ${has.filter((name) => optional.includes(name)).join(', ') || 'no further tools'}`,
      mounts,
      environment: { LD_LIBRARY_PATH: libraryPath(mounts) },
      startMs: 10_000,
      limitsAddressSpace: true,
      candidate: (task) => ({
        files: {
          'channel.sh': languageFile('bash/channel.sh'),
          'candidate.sh': languageFile('bash/candidate.sh'),
          'solution.sh': task.program,
        },
        run: `${program} candidate.sh ${task.entryPoint}`,
      }),
      judge: (task, nonce) => ({
        files: {
          'channel.sh': languageFile('bash/channel.sh'),
          'judge.sh': languageFile('bash/judge.sh'),
          // The published test begins with the brace that closes the function.
          'test.sh': `${task.entryPoint}() {\n    evalrun_ask "$@"\n${task.test}`,
        },
        run: `${program} judge.sh ${nonce}`,
      }),
    };
  },
  proof: {
    prelude: '#!/bin/bash\nadd() {\n',
    program: '#!/bin/bash\nadd() {\n    echo $(($1 + $2)) | cat\n}\n',
    test: '}\nset -e\nrun_test() {\n    [[ $(add 1 2) = "3" ]]\n}\nrun_test\n',
    entryPoint: 'add',
  },
};

/** Tools that some machines have and others have not: a score can depend on them. */
const optional = ['awk', 'bc', 'dc', 'perl', 'rev', 'xxd'];
