/**
 * A process that loads a checkpoint and prints, as JSON, the memory that it took by the kernel's count beside the engine's own:
 * `weight-memory-process.js FOLDER DTYPE`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadEngine } from '../../engine/load-engine.js';
import { nativeAddon } from '../../engine/native.js';
import type { WeightMemory } from './weight-memory.test.js';

const [folder = '', dtype] = process.argv.slice(2);

function statusBytes(name: string): number {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`/proc/self/status has no ${name}`);
  return Number(kib) * 1024;
}

/** Bytes of the checkpoint's files that are mapped into this process and in memory. */
function residentFileBytes(): number {
  let ours = false;
  let bytes = 0;
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) ours = line.includes(`${path.resolve(folder)}/`);
    const rss = ours ? /^Rss:\s+(\d+) kB$/.exec(line)?.[1] : undefined;
    if (rss !== undefined) bytes += Number(rss) * 1024;
  }
  return bytes;
}

nativeAddon();
const before = { anonymous: statusBytes('RssAnon'), all: statusBytes('VmRSS') };
const notices: string[] = [];
const engine = await loadEngine({
  model: folder,
  dtype: dtype as 'f32' | 'bf16' | 'fp8',
  device: 'cpu',
  kvTokens: 256,
  batchTokens: 64,
  withoutTokenizer: true,
  onNotice: (line) => notices.push(line),
});
const [, mapped = NaN, converted = NaN] = (
  /weights ([\d.]+) MiB mapped \+ ([\d.]+) MiB converted/.exec(notices.join('\n')) ?? []
).map(Number);
const taken: WeightMemory = {
  told: engine.memory().weightBytes,
  planned: (mapped + converted) * 2 ** 20,
  anonymous: statusBytes('RssAnon') - before.anonymous,
  file: residentFileBytes(),
  peak: statusBytes('VmHWM') - before.all,
};
console.log(JSON.stringify(taken));
await engine.close();
