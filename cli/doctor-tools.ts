/** What is installed: the native addon, compilers that build it, and what CUDA needs. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { nativeInfo } from '../engine/native.js';
import type { Finding } from './doctor.js';

/** The engine itself: without its addon nothing can be run. */
export function inspectAddon(): Finding {
  try {
    const { compiler, cuda, ...features } = nativeInfo();
    const used = Object.entries(features).flatMap(([name, value]) => (value === true ? [name] : []));
    const kernels = used.length === 0 ? 'reference kernels only' : `kernels for ${used.join(', ')}`;
    const found = `loads; ${compiler}; ${kernels}; ${cuda ? 'with CUDA' : 'built without CUDA'}`;
    return { name: 'native addon', state: 'ok', found, facts: { cuda } };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { name: 'native addon', state: 'problem', found, todo: 'run "npm run build:native" in the evalrun folder' };
  }
}

export async function inspectCompilers(addonLoads: boolean): Promise<Finding[]> {
  const tools = [
    { name: 'C++ compiler', commands: ['g++', 'c++', 'clang++'], package: 'g++ (Debian, Ubuntu), gcc-c++ (Fedora)' },
    { name: 'CMake', commands: ['cmake'], package: 'cmake' },
  ];
  return Promise.all(
    tools.map(async (tool): Promise<Finding> => {
      for (const command of tool.commands) {
        const text = await outputOf(command, ['--version']);
        if (typeof text === 'string') return { name: tool.name, state: 'ok', found: firstLine(text) };
      }
      // Only needed to build; an addon that loads has been built.
      const todo = `install the package ${tool.package} to build the addon`;
      return { name: tool.name, state: addonLoads ? 'note' : 'problem', found: 'not found', todo };
    }),
  );
}

/** The graphics processor, its driver and the CUDA compiler; none of them is needed to run on the CPU. */
export async function inspectCuda(addonHasCuda: boolean): Promise<Finding[]> {
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
  const [gpus, compiler] = await Promise.all([outputOf('nvidia-smi', query), outputOf('nvcc', ['--version'])]);
  const release = typeof compiler === 'string' ? /release [\d.]+/.exec(compiler)?.[0] : undefined;
  return [
    typeof gpus === 'string' && gpus.trim() !== ''
      ? { name: 'GPU', state: 'ok', found: gpus.trim().split('\n').join('; ') }
      : {
          name: 'GPU',
          state: 'note',
          found: `none: nvidia-smi ${typeof gpus === 'string' ? 'lists none' : gpus.reason}`,
        },
    release !== undefined
      ? { name: 'CUDA compiler', state: 'ok', found: `nvcc ${release}` }
      : {
          name: 'CUDA compiler',
          state: 'note',
          found: `none: nvcc ${typeof compiler === 'string' ? 'does not say its version' : compiler.reason}`,
          ...(!addonHasCuda && { todo: 'install the CUDA toolkit and build again if this machine has an NVIDIA GPU' }),
        },
  ];
}

async function outputOf(command: string, args: readonly string[]): Promise<string | { readonly reason: string }> {
  try {
    return (await promisify(execFile)(command, [...args], { timeout: 10_000 })).stdout;
  } catch (error) {
    const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: string };
    if (code === 'ENOENT') return { reason: 'is not installed' };
    if (killed) return { reason: 'did not answer in 10 s' };
    return { reason: `fails${stderr ? `: ${firstLine(stderr)}` : ` with ${String(code)}`}` };
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
