/** `evalrun data` as a user meets it: output, JSON, exit codes. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { dataCommand } from '../../cli/data.js';
import { SMALL_FILES } from './small-dataset.js';
import { temporaryFolders, writeFiles } from './temporary-folder.js';

const newFolder = temporaryFolders();

async function run(...args: string[]): Promise<{ output: string; exitCode: number | string | undefined }> {
  let output = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
  try {
    await dataCommand().parseAsync(args, { from: 'user' });
    return { output, exitCode: process.exitCode };
  } finally {
    write.mockRestore();
  }
}

afterEach(() => {
  process.exitCode = undefined;
});

describe('evalrun data', () => {
  test('list names every dataset with its licence and what is installed', async () => {
    const { output, exitCode } = await run('list', '--data', newFolder());
    expect(exitCode).toBeUndefined();
    for (const word of ['mmlu', 'ceval', 'cmmlu', '14042', 'MIT', 'CC BY-NC-SA 4.0']) expect(output).toContain(word);
    expect(output).not.toContain('\u001b');
  });

  test('list --json prints one object', async () => {
    const data = newFolder();
    writeFiles(data, { 'mmlu/dev/anatomy_dev.csv': '' });
    const { output } = await run('list', '--data', data, '--json');
    const json = JSON.parse(output);
    expect(json.data).toBe(data);
    expect(json.datasets.map((dataset: { id: string; installed: string }) => [dataset.id, dataset.installed])).toEqual([
      ['mmlu', 'incomplete'],
      ['ceval', 'no'],
      ['cmmlu', 'no'],
      ['math500', 'no'],
      ['gsm8k', 'no'],
      ['mgsm', 'no'],
      ['cmath', 'no'],
      ['humaneval', 'no'],
      ['humaneval-plus', 'no'],
      ['humaneval-mul', 'no'],
    ]);
  });

  test('verify prints each difference and sets exit code 3', async () => {
    const data = newFolder();
    writeFiles(data, Object.fromEntries(Object.entries(SMALL_FILES).map(([name, text]) => [`mmlu/${name}`, text])));
    const { output, exitCode } = await run('verify', 'mmlu', '--data', data);
    expect(exitCode).toBe(3);
    expect(output).toMatch(/mmlu\/dev\/abstract_algebra_dev\.csv: missing\n/);
    expect(output).toMatch(/mmlu\/test\/virology_test\.csv: other content, expected sha256/);
    expect(output).toMatch(/mmlu\/test\/virology_test\.csv: rows, expected 166, found 7/);
    const json = JSON.parse((await run('verify', '--data', data, '--json')).output);
    expect(json.datasets[0].deviations.length).toBeGreaterThan(110);
  });

  test('verify without anything installed is an error, not a success', async () => {
    await expect(run('verify', '--data', newFolder())).rejects.toMatchObject({ code: 'dataset/not-installed' });
  });

  test('pull, verify and import name the nearest dataset for a mistyped one', async () => {
    const data = newFolder();
    await expect(run('pull', 'mmul', '--data', data)).rejects.toMatchObject({ code: 'usage/unknown-dataset' });
    await expect(run('verify', 'mmul', '--data', data)).rejects.toThrow(/nearest name is "mmlu"/);
    await expect(run('import', 'mmul', data, '--data', data)).rejects.toMatchObject({ code: 'usage/unknown-dataset' });
  });
});
