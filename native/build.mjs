// Builds the native addon with plain CMake: `node native/build.mjs [--tests]`. Downloads nothing. Code for NVIDIA GPUs is
// compiled in where a working nvcc is found; EVALRUN_CUDA=0 leaves it out, EVALRUN_CUDA=1 fails where there is none.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
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
      'It needs CMake 3.19 or newer, which is not on the PATH: install the package "cmake" ' +
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

function cmake(args) {
  const { status, stdout, stderr } = spawnSync('cmake', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}` };
}

/** `cuda` is auto, 0 or 1; returns what native/cuda/cuda.cmake decided: {compiled, reason, nvcc's version}. */
function configure(cuda, whyNot) {
  const { ok, output } = cmake([
    '-S',
    nativeFolder,
    '-B',
    buildFolder,
    '-DCMAKE_BUILD_TYPE=Release',
    `-DEVALRUN_TESTS=${tests ? 'ON' : 'OFF'}`,
    `-DEVALRUN_SIM_SANITIZE=${tests && process.env.EVALRUN_EXHAUSTIVE === '1' ? 'ON' : 'OFF'}`,
    `-DNODE_EXECUTABLE=${process.execPath}`,
    `-DEVALRUN_CUDA=${cuda}`,
    `-DEVALRUN_CUDA_WHY_NOT=${whyNot}`,
  ]);
  if (!ok) {
    console.error(output);
    fail('CMake failed to configure; its output is above.');
  }
  return JSON.parse(readFileSync(path.join(buildFolder, 'cuda.json'), 'utf8'));
}

function build(...args) {
  return cmake(['--build', buildFolder, '--parallel', String(Math.max(1, os.availableParallelism())), ...args]);
}

const asked = process.env.EVALRUN_CUDA ?? '';
if (!['', '0', '1'].includes(asked)) {
  fail(
    `EVALRUN_CUDA is "${asked}"; it may be 0 (no code for NVIDIA GPUs), 1 (not without it) or unset (where nvcc works).`,
  );
}
requireTools();
mkdirSync(buildFolder, { recursive: true });
let cuda = configure(asked || 'auto', 'it was built with EVALRUN_CUDA=0');
console.log(`CUDA: ${cuda.compiled ? 'on,' : 'off, because'} ${cuda.reason}`);
let built = build();
// A compiler that passed the probe may still not take a kernel: the engine is then built for the CPU, and says so.
if (!built.ok && cuda.compiled && asked === '' && !build('--target', 'evalrun_cuda_objects').ok) {
  console.error(built.output);
  console.error('\nThe code for NVIDIA GPUs does not compile; the output is above. Building for the CPU alone.');
  cuda = configure('0', `its kernels did not compile with nvcc ${cuda.nvcc}`);
  console.log(`CUDA: off, because ${cuda.reason}`);
  built = build();
}
if (!built.ok) {
  console.error(built.output);
  fail('CMake failed to compile the addon; its output is above.');
}
