/** A toolchain counts when it works, not when it is there. */
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { findToolchains } from '../../../../runner/sandbox/languages/toolchains.js';
import { temporaryFolders, writeFiles } from '../../../datasets/temporary-folder.js';
import { describeInSandbox } from '../present.js';

const newFolder = temporaryFolders();
const before = process.env.PATH;
afterEach(() => {
  process.env.PATH = before;
});

describeInSandbox('a toolchain', () => {
  test('that is not on PATH is missing, with what to install', async () => {
    process.env.PATH = `${newFolder()}:/nowhere`;
    const { found, missing } = await findToolchains(['php', 'java'], { bubblewrap: '/usr/bin/bwrap' });
    expect([...found.keys()]).toEqual([]);
    expect(missing.get('php')).toBe('php is not on PATH; install PHP 8 (apt-get install php-cli)');
    expect(missing.get('java')).toMatch(/^javac is not on PATH; install a Java development kit/);
  });

  test('that answers for its version but cannot run a program is missing, too', async () => {
    const folder = newFolder();
    writeFiles(folder, { php: '#!/bin/sh\necho 9.9.9\n' });
    chmodSync(path.join(folder, 'php'), 0o755);
    process.env.PATH = `${folder}:${before}`;
    const { found, missing } = await findToolchains(['php'], {});
    expect(found.size).toBe(0);
    expect(missing.get('php')).toMatch(/^PHP 9\.9\.9 does not work in the sandbox \(/);
  });
});
