/** Renders an Inspection as plain text tables, without colour, so that a terminal, a pipe and a log show the same. */
import Table from 'cli-table3';
import { deepseekV2KvClaim, type KvComparison } from '../engine/accounting/kv-cache.js';
import { kvElementBytes } from '../engine/accounting/weight-memory.js';
import type { ArchSpec } from '../engine/arch-spec.js';
import type { ModelPart } from '../engine/architectures/expected-tensors.js';
import type { InspectedFiles, Inspection } from './inspect.js';

export const PART_NAMES: Readonly<Record<ModelPart, string>> = {
  embedding: 'embedding',
  attention: 'attention',
  denseFfn: 'dense feed-forward',
  router: 'router',
  experts: 'routed experts',
  sharedExperts: 'shared experts',
  norms: 'norms',
  head: 'head',
  mtpProjection: 'MTP projection',
};

const MAX_FILES_SHOWN = 8;

export function renderInspection(inspection: Inspection): string {
  const sections = [
    renderTitle(inspection),
    renderParameters(inspection),
    renderKvCache(inspection),
    renderMemory(inspection),
    ...renderGpus(inspection),
    inspection.checkpoint === null
      ? 'There are no weight files here: all numbers come from config.json.'
      : renderFiles(inspection.checkpoint),
  ];
  // Tables pad their last column.
  return sections.join('\n\n').replaceAll(/ +$/gm, '');
}

function renderTitle({ model, arch }: Inspection): string {
  const facts: [string, string][] = [
    ['family', arch.modelType],
    ['shape', `${counted(arch.layers, 'layer')} of width ${count(arch.width)}, vocabulary ${count(arch.vocabSize)}`],
    ['context', `${count(arch.contextLength)} tokens`],
    ['attention', renderAttention(arch)],
    ['feed-forward', renderFeedForward(arch)],
  ];
  if (arch.mtpLayers > 0) facts.push(['drafting', 'one multi-token-prediction module']);
  facts.push(['stored', arch.weightQuantization === null ? 'not quantised' : 'FP8 e4m3, one scale per 128x128 block']);
  return [model, ...facts.map(([name, fact]) => `  ${name.padEnd(13)}${fact}`)].join('\n');
}

function renderAttention({ attention }: ArchSpec): string {
  if (attention.kind === 'mla') {
    return `latent, ${attention.heads} heads over ${attention.kvLoraRank} latent and ${attention.qkRopeHeadDim} rotary numbers`;
  }
  const { heads, kvHeads, headDim } = attention;
  return kvHeads === heads
    ? `multi-head, ${heads} heads of ${headDim}`
    : `grouped-query, ${heads} heads of ${headDim} over ${kvHeads} of keys and values`;
}

function renderFeedForward({ feedForward, layers, moe, denseWidth }: ArchSpec): string {
  const dense = feedForward.slice(0, layers).filter((kind) => kind === 'dense').length;
  const parts: string[] = [];
  if (dense > 0) parts.push(`${dense} dense of width ${count(denseWidth)}`);
  if (moe !== null && dense < layers) {
    const shared = moe.sharedWidth > 0 ? ` plus a shared one of width ${count(moe.sharedWidth)}` : '';
    parts.push(
      `${layers - dense} with ${moe.expertsPerToken} of ${moe.experts} experts of width ${count(moe.width)}${shared}`,
    );
  }
  return parts.join(', ');
}

function renderParameters({ parameters, flopsPerToken, arch }: Inspection): string {
  const table = newTable(['Parameters', 'total', 'active per token', 'share of total']);
  for (const { part, total, active } of parameters.parts) {
    const name = part === 'embedding' && arch.tiedHead ? 'embedding, also head' : PART_NAMES[part];
    table.push([name, parameterCount(total), parameterCount(active), percent(total / parameters.total)]);
  }
  table.push(['all', parameterCount(parameters.total), parameterCount(parameters.active), '']);
  if (parameters.mtp > 0) table.push(['MTP module, on top', parameterCount(parameters.mtp), '', '']);
  const lookedUp = arch.tiedHead
    ? 'the table that embedding and head share counted once'
    : 'the head but not the embedding, of which a token looks up one row';
  return [
    table.toString(),
    `"active" counts what one token is multiplied with: ${arch.moe === null ? '' : 'its chosen experts, and '}${lookedUp}.`,
    `A token costs ${flops(flopsPerToken.weights)}, and ${flops(flopsPerToken.perContextToken)} more for each token before it.`,
  ].join('\n');
}

function renderKvCache({ kvCache, arch }: Inspection): string {
  const table = newTable(['KV cache in BF16', 'bytes per token', 'this model saves']);
  table.push(['this model', count(kvCache.bytesPerToken), '']);
  for (const other of [kvCache.ownMha, ...kvCache.others]) {
    table.push([other.name, count(other.bytesPerToken), renderSaving(other)]);
  }
  const { claimed, equalPrecision } = deepseekV2KvClaim();
  const note =
    arch.attention.kind === 'mla'
      ? [
          `The "93.3 %" of the DeepSeek-V2 paper is V2 at 6 bits per number against DeepSeek-67B at 16 (${percent(claimed)}); at equal precision it is ${percent(equalPrecision)}.`,
        ]
      : [];
  return [table.toString(), ...note].join('\n');
}

function renderSaving({ saving }: KvComparison): string {
  if (saving === 0) return 'nothing: they are the same';
  return saving > 0 ? percent(saving) : `needs ${(1 - saving).toFixed(1)} times as much`;
}

function renderMemory({ weightBytes, fits, availableBytes, kvCache, arch }: Inspection): string {
  const table = newTable(['Memory', 'weights', 'KV cache per token', `in the ${bytes(availableBytes)} free here`]);
  for (const { dtype, weightBytes: main, fits: yes, kvTokens } of fits) {
    const verdict = yes ? `${count(kvTokens)} tokens of KV cache` : `${bytes(main - availableBytes)} short`;
    table.push([dtype, bytes(main), bytes(kvCache.elementsPerToken * kvElementBytes(dtype)), verdict]);
  }
  const kept = `embedding, head, norms${arch.moe === null ? '' : ', router'}${arch.attention.kind === 'mla' ? ', kv_b' : ''}`;
  const mtp =
    arch.mtpLayers > 0
      ? [`The MTP module takes ${bytes(weightBytes.bf16.mtp)} more in bf16, ${bytes(weightBytes.fp8.mtp)} in fp8.`]
      : [];
  return [table.toString(), `fp8 counts the scales, and keeps in bf16: ${kept}.`, ...mtp].join('\n');
}

/** One table for each GPU; none where there is no GPU. */
function renderGpus({ gpus }: Inspection): string[] {
  return [...new Set(gpus.map(({ plan }) => plan.device))].map((device) => {
    const mine = gpus.filter(({ plan }) => plan.device === device);
    const free = mine[0]?.plan.availableBytes ?? 0;
    const table = newTable([device, 'weights', 'steps and kernels', 'reserve', `in the ${bytes(free)} free there`]);
    for (const { dtype, fits, plan } of mine) {
      const verdict = fits ? `${count(plan.kvTokens)} tokens of KV cache` : `${bytes(plan.totalBytes - free)} short`;
      const working = bytes(plan.workspaceBytes + plan.kernelBytes);
      table.push([dtype, bytes(plan.weightBytes), working, bytes(plan.reserveBytes), verdict]);
    }
    return table.toString();
  });
}

function renderFiles({ files, dtypes, ignored, notes }: InspectedFiles): string {
  const table = newTable(['Files', 'size']);
  for (const file of files.slice(0, MAX_FILES_SHOWN)) table.push([file.name, bytes(file.bytes)]);
  if (files.length > MAX_FILES_SHOWN) table.push([`and ${files.length - MAX_FILES_SHOWN} more`, '']);
  table.push(['together', bytes(files.reduce((sum, file) => sum + file.bytes, 0))]);
  const stored = newTable(['Stored as', 'tensors', 'size']);
  for (const { dtype, tensors, bytes: size } of dtypes) stored.push([dtype, count(tensors), bytes(size)]);
  const rules = new Map<string, number>();
  for (const { rule } of ignored) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  return [
    table.toString(),
    '',
    stored.toString(),
    'Every header is sound, and every tensor is there with the shape that config.json asks for.',
    ...[...rules].map(([rule, tensors]) => `Not used: ${counted(tensors, 'tensor')} (${rule}).`),
    ...notes.map((note) => `Note: ${note}.`),
  ].join('\n');
}

/** Without colour, and with lines only under the head. */
export function newTable(head: readonly string[]): Table.Table {
  return new Table({
    head: [...head],
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '─',
      'mid-mid': '─',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
}

const count = (value: number): string => value.toLocaleString('en-US');

function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function parameterCount(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} B`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : count(value);
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(2)} %`;
}

function bytes(value: number): string {
  const [unit, name] = value >= 2 ** 30 ? [2 ** 30, 'GiB'] : value >= 2 ** 20 ? [2 ** 20, 'MiB'] : [2 ** 10, 'KiB'];
  const digits = value >= 2 ** 20 ? 2 : 1;
  return `${(value / unit).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${name}`;
}

function flops(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} GFLOP`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} MFLOP` : `${(value / 1e3).toFixed(1)} kFLOP`;
}
