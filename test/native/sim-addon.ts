// Node.js processes whose engine has a simulated GPU.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../package-root.js';

const build = path.join(packageRoot, 'native', 'build');
const preload = new URL('./load-sim-addon.js', import.meta.url).href;

/** A library that plays NVML, with a GPU where the simulated one says it is. */
export const FAKE_NVML = path.join(build, 'libevalrun_fake_nvml.so');
export const SIM_ADDON = path.join(build, 'evalrun_sim.node');

/** Why the tests of this suite cannot run; throws it. */
export function requireSimAddon(): void {
  for (const file of [SIM_ADDON, FAKE_NVML]) {
    if (!existsSync(file)) throw new Error(`${file} is missing; build it with: node native/build.mjs --tests`);
  }
}

export interface SimOutcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a script of dist/ to its end. The GPU has as little memory as these models need: all that is free becomes cache, and the
 * simulation fills it. No driver is asked for counters unless EVALRUN_NVML names one.
 */
export function runInSimulation(
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): SimOutcome {
  const env = { ...process.env, EVALRUN_SIM_MIB: '512', EVALRUN_NVML: '/nowhere/libnvidia-ml.so', ...environment };
  const file = path.join(packageRoot, 'dist', script);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--import', preload, file, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env,
  });
  return { status, stdout, stderr: signal === null ? stderr : `${stderr}\nended by ${signal}` };
}
