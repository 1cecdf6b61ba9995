import path from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { inspectCommand, inspectModel } from '../../cli/inspect.js';
import { renderInspection } from '../../cli/inspect-report.js';
import { packageRoot } from '../../package-root.js';
import {
  DEEPSEEK_V2_LITE,
  DEEPSEEK_V3,
  LLAMA_3_2_1B,
  QWEN3_30B_A3B,
} from '../engine/architectures/published-configs.js';
import { folderOf } from '../engine/checkpoint/safetensors-file.js';
import { errorOf } from '../engine/thrown-error.js';

const GIB = 2 ** 30;
const fixtures = path.join(packageRoot, 'test/fixtures/oracle');

function linesOf(config: object, availableBytes = 64 * GIB): string[] {
  return renderInspection(inspectModel(folderOf({ 'config.json': config }), availableBytes)).split('\n');
}

/** The words of the line that begins with `start`. */
function row(lines: readonly string[], start: string): string {
  return lines.find((line) => line.startsWith(start))?.replaceAll(/\s+/g, ' ') ?? `no line begins with ${start}`;
}

async function printedBy(args: readonly string[]): Promise<string> {
  let printed = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  try {
    await inspectCommand().parseAsync([...args], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return printed;
}

describe('evalrun inspect', () => {
  test('tells DeepSeek-V3 from its config.json alone', () => {
    const lines = linesOf(DEEPSEEK_V3);
    expect(row(lines, 'all ')).toBe('all 671.03 B 36.63 B');
    expect(row(lines, 'routed experts')).toBe('routed experts 653.91 B 20.43 B 97.45 %');
    expect(row(lines, 'MTP module')).toBe('MTP module, on top 11.61 B');
    expect(row(lines, 'this model')).toBe('this model 70,272');
    expect(row(lines, 'its own multi-head')).toBe('its own multi-head attention 4,997,120 98.59 %');
    expect(row(lines, 'Qwen2.5-72B')).toBe('Qwen2.5-72B 327,680 78.55 %');
    expect(row(lines, 'bf16')).toBe('bf16 1,249.88 GiB 68.6 KiB 1,185.88 GiB short');
    expect(row(lines, 'There are no weight files')).toMatch(/config\.json/);
    expect(lines.join(' ')).toContain(
      'V2 at 6 bits per number against DeepSeek-67B at 16 (93.34 %); at equal precision it is 82.24 %',
    );
    expect(lines.join(' ')).toContain('the head but not the embedding, of which a token looks up one row');
  });

  test('tells what of DeepSeek-V2-Lite fits', () => {
    const lines = linesOf(DEEPSEEK_V2_LITE, 32 * GIB);
    expect(row(lines, 'all ')).toBe('all 15.71 B 2.45 B');
    expect(row(lines, 'its own multi-head')).toBe('its own multi-head attention 276,480 88.75 %');
    expect(row(lines, 'f32')).toMatch(/26\.51 GiB short$/);
    expect(row(lines, 'bf16')).toMatch(/^bf16 29\.26 GiB 30\.4 KiB 94,7\d\d tokens of KV cache$/);
  });

  test('speaks of latents, experts and the paper only where a model has them', () => {
    const dense = linesOf(LLAMA_3_2_1B).join('\n');
    expect(dense).not.toMatch(/latent|expert|93\.3|kv_b|router|MTP/);
    expect(dense).toMatch(/embedding, also head/);
    expect(linesOf(QWEN3_30B_A3B).join('\n')).toMatch(/48 with 8 of 128 experts of width 768\n/);
  });

  test('prints no control characters and no trailing spaces', () => {
    for (const config of [DEEPSEEK_V3, LLAMA_3_2_1B]) {
      for (const line of linesOf(config)) {
        expect(line).not.toMatch(/\p{Cc}/u);
        expect(line).not.toMatch(/ $/);
      }
    }
  });

  test('checks the files that are there and lists them', () => {
    const inspection = inspectModel(path.join(fixtures, 'deepseek-v3'));
    const lines = renderInspection(inspection).split('\n');
    expect(inspection.checkpoint?.files.map(({ name }) => name)).toEqual(
      [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`),
    );
    expect(inspection.checkpoint?.dtypes).toMatchObject([
      { dtype: 'BF16', tensors: 198 },
      { dtype: 'F32', tensors: 3 },
    ]);
    expect(row(lines, 'Every header is sound')).toMatch(/every tensor/);
    expect(row(lines, 'together')).toBe('together 973.6 KiB');
  });

  test('takes the path of a config.json', () => {
    const folder = folderOf({ 'config.json': LLAMA_3_2_1B });
    expect(inspectModel(path.join(folder, 'config.json')).parameters.total).toBe(1235814400);
  });

  test('prints exact numbers with --json', async () => {
    const json = JSON.parse(await printedBy([folderOf({ 'config.json': DEEPSEEK_V3 }), '--json']));
    expect(json.parameters).toMatchObject({ total: 671026419200, active: 36625618432, mtp: 11610068224 });
    expect(json.kvCache).toMatchObject({ bytesPerToken: 70272, ownMha: { bytesPerToken: 4997120, saving: 0.9859375 } });
    expect(json.weightBytes.bf16.main).toBe(1342052838400);
    expect(json.arch).toMatchObject({ modelType: 'deepseek_v3', softmaxScale: 0.1352337788608801 });
    expect(json.checkpoint).toBe(null);
  });

  test('prints tables without --json', async () => {
    expect(await printedBy([folderOf({ 'config.json': DEEPSEEK_V3 })])).toMatch(/all +671\.03 B +36\.63 B\n/);
  });

  test.each<[string, () => string, RegExp]>([
    ['a path that is not there', () => '/nowhere/model', /usage\/model: .*found nothing there/],
    ['a folder without config.json', () => folderOf({ a: '' }), /usage\/model: .*found a folder without one/],
    ['another file', () => path.join(folderOf({ 'a.json': {} }), 'a.json'), /usage\/model: .*is a file/],
    ['an unknown family', () => folderOf({ 'config.json': { model_type: 'mamba' } }), /config\/model-type/],
    [
      'a broken weight file',
      () => folderOf({ 'config.json': LLAMA_3_2_1B, 'model.safetensors': 'x' }),
      /checkpoint\/truncated/,
    ],
  ])('refuses %s', (_, model, message) => {
    expect(errorOf(() => inspectModel(model()))).toMatch(message);
  });
});
