/** PHP by its command line. */

import { readdirSync } from 'node:fs';
import path from 'node:path';
import {
  findProgram,
  libraryMounts,
  libraryPath,
  mountFolders,
  outputOf,
  programMounts,
  uniqueMounts,
} from './installed-files.js';
import type { Language } from './language.js';
import { languageFile } from './language-file.js';

/** Answers print before the channel's frames, never into them; warnings are not errors, as with `php -f`. */
const flags = '-d memory_limit=512M -d display_errors=stderr -d opcache.enable_cli=0';

/** Where PHP keeps its extensions and their settings: without them a program has no ctype and no mbstring. */
async function extensionFolders(php: string): Promise<{ extensions: string; settings: string[] } | undefined> {
  const code = 'echo PHP_EXTENSION_DIR, "\\n", php_ini_loaded_file() ?: "", "\\n", PHP_CONFIG_FILE_SCAN_DIR;';
  const text = await outputOf(php, ['-r', code]);
  if (text === undefined) return undefined;
  const [extensions = '', settings = '', scanned = ''] = text.trim().split('\n');
  return {
    extensions,
    settings: [settings === '' ? '' : path.dirname(settings), scanned].filter((name) => name !== ''),
  };
}

export const php: Language = {
  name: 'php',
  title: 'PHP',
  install: 'install PHP 8 (apt-get install php-cli)',
  find: async () => {
    const program = findProgram('php');
    if (program === undefined) return 'php is not on PATH';
    const version = await outputOf(program, ['-r', 'echo PHP_VERSION;']);
    const folders = await extensionFolders(program);
    if (version === undefined || folders === undefined) return `${program} does not run`;
    const extensions = mountFolders([folders.extensions]).flatMap(({ from }) =>
      readdirSync(from)
        .filter((name) => name.endsWith('.so'))
        .map((name) => path.join(from, name)),
    );
    const mounts = uniqueMounts([
      // Settings are links into a folder beside them.
      ...mountFolders([folders.extensions, ...folders.settings, '/etc/php', '/usr/share/php', '/usr/share/zoneinfo']),
      ...(await programMounts(['/bin/sh', program])),
      ...(await libraryMounts(extensions)),
    ]);
    return {
      language: 'php',
      version: `PHP ${version.trim()}`,
      mounts,
      environment: { LD_LIBRARY_PATH: libraryPath(mounts) },
      startMs: 10_000,
      limitsAddressSpace: true,
      candidate: (task) => ({
        files: {
          'channel.php': languageFile('php/channel.php'),
          'candidate.php': languageFile('php/candidate.php'),
          'solution.php': task.program,
        },
        run: `${program} ${flags} candidate.php ${task.entryPoint}`,
      }),
      judge: (task, nonce) => ({
        files: {
          'channel.php': languageFile('php/channel.php'),
          'judge.php': languageFile('php/judge.php'),
          'test.php': `<?php\n${task.test}`,
        },
        run: `${program} ${flags} judge.php ${task.entryPoint} ${nonce}`,
      }),
    };
  },
  proof: {
    prelude: '<?php\nfunction add($x, $y) {\n',
    program: '<?php\nfunction add($x, $y) {\n    return $x + $y;\n}\n',
    test: 'if (add(1, 2) !== 3) { throw new Exception("Test failed!"); }\n',
    entryPoint: 'add',
  },
};
