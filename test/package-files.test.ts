/** What `npm pack` takes: all that is needed to build and run, and nothing that somebody built beside it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../package-root.js';

test('the package has sources, models and samples, and no builds, tests or recipes', () => {
  const built = mkdtempSync(path.join(packageRoot, 'native', 'build-'));
  let files: string[];
  try {
    writeFileSync(path.join(built, 'of-somebody.o'), '');
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const report = execFileSync('npm', args, {
      cwd: packageRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [packed] = JSON.parse(report) as [{ files: { path: string }[] }];
    files = packed.files.map((file) => file.path);
  } finally {
    rmSync(built, { recursive: true });
  }
  const needed = [
    'dist/cli/main.js',
    'native/build.mjs',
    'native/CMakeLists.txt',
    'native/test/emulated/emulated.cmake',
  ];
  expect(files).toEqual(expect.arrayContaining([...needed, 'models/nano/model.safetensors', 'README.md', 'LICENSE']));
  expect(
    files.filter((file) =>
      /^(native\/build[-/]|dist\/(test|bench)\/|models\/nano\/recipe\/|test\/|bench\/)/.test(file),
    ),
  ).toEqual([]);
}, 120_000);
