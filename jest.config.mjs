import { availableParallelism } from 'node:os';

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  transform: {},
  testTimeout: 60_000,
  // Half of the work is done by other processes that tests wait for.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};
