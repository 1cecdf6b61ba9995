/** Files of worked examples: what is taken from them, and which are refused with what words. */
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadShotsFile } from '../../datasets/shots-file.js';
import { temporaryFolders, writeFiles } from './temporary-folder.js';

const newFolder = temporaryFolders();
const marks = { question: 'Q:', answer: 'A:' };
const chinese = { question: '问题：', answer: '答案：' };

function load(text: string | Buffer) {
  const folder = newFolder();
  writeFiles(folder, { 'shots.txt': text });
  return loadShotsFile(path.join(folder, 'shots.txt'), [marks, chinese]);
}

describe('worked examples', () => {
  test('are cut at the lines that begin a question, with what stands between them', async () => {
    const { examples, separator, file } = await load('Q: 1+1?\nA: It is 2.\n\n\nQ: A: is a letter\nA: Q: too\n');
    expect(examples).toEqual(['Q: 1+1?\nA: It is 2.', 'Q: A: is a letter\nA: Q: too']);
    expect(separator).toBe('\n\n\n');
    expect(file).toMatchObject({ path: 'shots.txt', rows: 2 });
    expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('of one alone are followed by a blank line', async () => {
    expect((await load('Q: 1?\nA: 1')).separator).toBe('\n\n');
  });

  test('are read by whichever of the offered marks the file uses', async () => {
    expect((await load('问题：几个？\n答案：所以答案是：3。\n')).marks).toBe(chinese);
    expect((await load('Q: 1?\nA: 1')).marks).toBe(marks);
  });

  test.each<[string, string | Buffer, RegExp]>([
    ['nothing', '', /lines that begin with "Q:" and "A:", or .*"问题：".*found no such line/],
    ['other words', 'Problem:\nx\n\nSolution:\ny', /found no such line/],
    ['something before the first question', 'Solve.\n\nQ: 1?\nA: 1', /found "Solve\..*before the first/],
    ['a question without an answer', 'Q: 1?\nA: 1\n\nQ: 2?', /one "A:" in each example.*found 0 in example 2/],
    ['two answers', 'Q: 1?\nA: 1\nA: 1', /found 2 in example 1/],
    ['the question that is to be asked', 'Q: 1?\nA: 1\n\nQ: 2?\nA:', /found nothing behind it in example 2/],
    ['a program', 'from .few_shot import X\nQ: 1?\nA: 1', /found the source of a program/],
    ['Windows line ends', 'Q: 1?\r\nA: 1\r\n', /found a carriage return/],
    ['a byte-order mark', '\uFEFFQ: 1?\nA: 1', /byte-order mark/],
    ['bytes that are no text', Buffer.from([0x51, 0x3a, 0xff, 0xfe]), /Expected UTF-8/],
    ['a megabyte', `Q: ${'x'.repeat(1_000_000)}\nA: 1`, /at most 1000000 bytes/],
  ])('are refused where the file holds %s', async (_, text, says) => {
    await expect(load(text)).rejects.toMatchObject({
      code: 'dataset/shots-file',
      message: expect.stringMatching(says),
      exitCode: 3,
    });
  });

  test('say which file is not there', async () => {
    await expect(loadShotsFile('/nowhere/shots.txt', [marks])).rejects.toMatchObject({
      code: 'dataset/missing-file',
      message: expect.stringMatching(/nowhere\/shots\.txt/),
    });
  });
});
