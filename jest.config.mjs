import { availableParallelism } from 'node:os';

// The tests compute on the CPU, and say the same on every machine; EVALRUN_TEST_GPU=1 lets --device auto see the GPUs.
if (process.env.EVALRUN_TEST_GPU !== '1') process.env.CUDA_VISIBLE_DEVICES = '';

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  transform: { '/dist/.*\\.js$': '<rootDir>/test/module-globals.mjs' },
  testSequencer: '<rootDir>/test/longest-first.mjs',
  testTimeout: 60_000,
  // Half of the work is done by other processes that tests wait for.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};
