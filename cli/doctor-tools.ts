/** What is installed: the native addon, compilers that build it, and NVIDIA's tools. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { nativeInfo } from '../engine/native.js';
import type { Finding } from './doctor.js';
import type { GpuTools } from './doctor-gpu.js';

/** The engine itself: without its addon nothing can be run. */
export function inspectAddon(): Finding {
  try {
    const { compiler, ...features } = nativeInfo();
    const used = Object.entries(features).flatMap(([name, value]) => (value === true ? [name] : []));
    const kernels = used.length === 0 ? 'reference kernels only' : `kernels for ${used.join(', ')}`;
    return { name: 'native addon', state: 'ok', found: `loads; ${compiler}; ${kernels}` };
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

/** What nvidia-smi and nvcc say, where they are there. */
export async function askGpuTools(): Promise<GpuTools> {
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
  const [gpus, compiler] = await Promise.all([outputOf('nvidia-smi', query), outputOf('nvcc', ['--version'])]);
  return {
    nvidiaSmi: typeof gpus === 'string' && gpus.trim() !== '' ? gpus : null,
    nvcc: typeof compiler === 'string' ? (/release [\d.]+/.exec(compiler)?.[0] ?? null) : null,
  };
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
