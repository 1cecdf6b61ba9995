/** `evalrun complete` and `evalrun show` on the model in the box, as processes. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';

const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const nano = path.join(packageRoot, 'models', 'nano');
const evalrun = (...args: readonly string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd: tmpdir() });

test('complete --mtp gives the same ids, and says what drafting gave', () => {
  const asked = ['complete', nano, '--prompt', 'def add(a, b):', '--max-tokens', '24', '--ignore-eos', '--json'];
  const plain = JSON.parse(evalrun(...asked).stdout);
  const { mtp, ...drafted } = JSON.parse(evalrun(...asked, '--mtp').stdout);
  expect(drafted).toEqual(plain);
  expect(plain.ids).toHaveLength(24);
  expect(Object.keys(mtp)).toEqual(['steps', 'taken', 'drafted', 'accepted', 'acceptance', 'tokens_per_step']);
  // The first token comes from the prompt's row.
  expect([mtp.taken, mtp.steps + mtp.accepted]).toEqual([23, 23]);
  expect(mtp.acceptance).toBeCloseTo(mtp.accepted / mtp.drafted, 12);
});

test('complete prints the answer alone on stdout, and what was thought on stderr', () => {
  const { stdout, stderr } = evalrun(
    'complete',
    nano,
    '--prompt',
    'One and two. <think>',
    '--max-tokens',
    '8',
    '--mtp',
  );
  expect(stdout).toBe('\n');
  expect(stderr).toMatch(/^<think>.+/m);
  expect(stderr).toMatch(/^MTP: \d+ of \d+ drafts accepted/m);
});

test('complete --mtp without a module is one paragraph and exit code 3', () => {
  const llama = path.join(packageRoot, 'test', 'fixtures', 'oracle', 'llama');
  const { status, stdout, stderr } = evalrun('complete', llama, '--ids', '1,2', '--mtp');
  expect([status, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/evalrun: --mtp drafts .* and llama \(llama\) has none\. .*Leave --mtp out/);
});

test('show says when a chat template opens a thought', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'evalrun-template-'));
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(path.join(nano, name), path.join(folder, name));
  }
  symlinkSync(path.join(nano, 'model.safetensors'), path.join(folder, 'model.safetensors'));
  writeFileSync(path.join(folder, 'chat_template.jinja'), '{{ bos_token }}{{ messages[0].content }}\n<think>\n');
  const asked = ['show', '--suite', 'math500', '--data', 'embedded', '--model', folder];
  expect(evalrun(...asked).stdout.replace(/\s+/g, ' ')).toContain('The prompt ends inside a thought');
  expect(JSON.parse(evalrun(...asked, '--json').stdout).thinking).toBe(true);
  expect(JSON.parse(evalrun(...asked, '--chat', 'off', '--json').stdout).thinking).toBe(false);
  rmSync(folder, { recursive: true });
});
