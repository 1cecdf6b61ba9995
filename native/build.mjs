// Builds the native addon with plain CMake: `node native/build.mjs [--tests]`. Downloads nothing.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const nativeFolder = path.dirname(fileURLToPath(import.meta.url));
const buildFolder = path.join(nativeFolder, 'build');
const tests = process.argv.includes('--tests');

function fail(message) {
  console.error(`\nevalrun could not build its engine. ${message}\n`);
  process.exit(1);
}

function present(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function requireTools() {
  if (!present('cmake')) {
    fail(
      'It needs CMake 3.18 or newer, which is not on the PATH: install the package "cmake" ' +
        '(Debian, Ubuntu: apt-get install cmake; macOS: brew install cmake) and run "npm ci" again.',
    );
  }
  const compiler = process.env.CXX ?? 'c++';
  if (!present(compiler)) {
    fail(
      `It needs a C++20 compiler, and "${compiler}" is not on the PATH: install the package "g++" 11 or newer ` +
        '(Debian, Ubuntu: apt-get install g++; macOS: xcode-select --install) and run "npm ci" again.',
    );
  }
  if (!present('make') && !present('ninja')) {
    fail('It needs make or ninja: install the package "make" and run "npm ci" again.');
  }
}

function run(args, what) {
  const result = spawnSync('cmake', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.status === 0) return;
  console.error(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  fail(`CMake failed to ${what}; its output is above.`);
}

requireTools();
mkdirSync(buildFolder, { recursive: true });
run(
  [
    '-S',
    nativeFolder,
    '-B',
    buildFolder,
    '-DCMAKE_BUILD_TYPE=Release',
    `-DEVALRUN_TESTS=${tests ? 'ON' : 'OFF'}`,
    `-DNODE_EXECUTABLE=${process.execPath}`,
  ],
  'configure',
);
run(['--build', buildFolder, '--parallel', String(Math.max(1, os.availableParallelism()))], 'compile the addon');
