// Reads what ptxas said of each kernel when the addon was built (native/build/cuda/*.o.log), and fails where a kernel keeps
// variables in local memory: a spilled register or an array indexed at run time costs a trip to memory each time. It also fails where
// ptxas could not follow products of wgmma and lets each wait for the one before it.
//
//   node native/cuda/check-kernels.mjs [folder of logs]
//
// Exit status: 0 no kernel does, 1 some do, 2 there is nothing to read.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const buildFolder = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'build');

/** Kernels that may use local memory, by the beginning of their name without namespaces, each with its reason. */
const allowed = [];

/** One entry for each kernel and target in ptxas's verbose output. */
function kernelsOf(text) {
  const kernels = [];
  let kernel;
  for (const line of text.split('\n')) {
    const entry = /Compiling entry function '(\w+)' for '(\w+)'/.exec(line);
    if (entry) {
      kernel = { name: entry[1], target: entry[2] };
      kernels.push(kernel);
    }
    const memory = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    // A function that was not inlined has such a line as well, and its memory is a kernel's all the same.
    if (memory && kernel) {
      kernel.stack = Math.max(kernel.stack ?? 0, Number(memory[1]));
      kernel.spills = Math.max(kernel.spills ?? 0, Number(memory[2]) + Number(memory[3]));
    }
    const used = /Used (\d+) registers/.exec(line);
    if (used && kernel) kernel.registers = Number(used[1]);
  }
  return kernels;
}

function demangle(kernels) {
  const names = kernels.map((kernel) => kernel.name).join('\n');
  const result = spawnSync('c++filt', { input: names, encoding: 'utf8' });
  if (result.status !== 0) return;
  const readable = result.stdout.split('\n');
  kernels.forEach((kernel, i) => {
    kernel.name = readable[i]
      .replace(/^void /, '')
      .replace(/\([^()]*\)$/, '')
      .replaceAll('evalrun::cuda::', '')
      .replaceAll('(anonymous namespace)::', '');
  });
}

function main() {
  const folder = process.argv[2] ?? path.join(buildFolder, 'cuda');
  const logs = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.cu.o.log')) : [];
  const texts = logs.map((name) => readFileSync(path.join(folder, name), 'utf8'));
  const kernels = texts.flatMap(kernelsOf);
  if (kernels.length === 0) {
    console.error(
      `${folder} has no compiler logs with kernels; build the addon on a machine with nvcc: node native/build.mjs`,
    );
    return 2;
  }
  const unread = kernels.filter(({ stack, registers }) => stack === undefined || registers === undefined);
  if (unread.length > 0) {
    console.error(
      `ptxas's report is not the one this script reads: no memory or registers of ${unread[0].name} (${unread[0].target})`,
    );
    return 1;
  }
  demangle(kernels);
  const reasonOf = (kernel) => allowed.find(({ name }) => kernel.name.startsWith(name))?.reason;
  const local = kernels.filter(({ stack, spills }) => stack > 0 || spills > 0);
  for (const kernel of local) {
    const what = `${kernel.name} (${kernel.target}): ${kernel.stack} bytes of stack, ${kernel.spills} bytes spilled, ${kernel.registers} registers`;
    const reason = reasonOf(kernel);
    console.log(reason ? `allowed  ${what}: ${reason}` : `LOCAL    ${what}`);
  }
  // Arrivals that it adds (C7519) cost little; a wait that it adds is there for each product.
  const waiting = texts.flatMap(
    (text) => text.match(/^.*(wgmma\.mma_async instructions are serialized|warpgroup\.wait is injected).*$/gm) ?? [],
  );
  for (const line of waiting)
    console.log(`WAITS    ${line.replace(/^.*?\(C\d+\) (Potential Performance Loss: )?/, '')}`);
  const widest = kernels.reduce((most, kernel) => (kernel.registers > most.registers ? kernel : most));
  console.log(
    `${kernels.length} kernels of ${logs.length} files, ${local.length} with local memory; at most ${widest.registers} registers: ${widest.name} (${widest.target})`,
  );
  return local.every(reasonOf) && waiting.length === 0 ? 0 : 1;
}

process.exitCode = main();
