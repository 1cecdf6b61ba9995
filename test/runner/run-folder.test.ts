import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeAtomically } from '../../runner/disk.js';
import { orderSamples, readSamples } from '../../runner/read-samples.js';
import { createRunFolder, openSamples, runId } from '../../runner/run-folder.js';
import { renderSampleLine } from '../../runner/sample-line.js';
import { sampleLine } from './run-fixture.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'evalrun-folder-'));
  file = path.join(folder, 'samples.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (row: number) => renderSampleLine(sampleLine({ id: `mmlu/anatomy/${row}`, group: 'anatomy' }));

describe('readSamples', () => {
  test('reads the whole lines of a file cut at any byte', async () => {
    const whole = Buffer.from(line(0) + line(1));
    const first = Buffer.byteLength(line(0));
    for (let bytes = 0; bytes <= whole.length; bytes++) {
      writeFileSync(file, whole.subarray(0, bytes));
      const { lines, validBytes } = await readSamples(file);
      const expected = bytes === whole.length ? 2 : bytes >= first ? 1 : 0;
      expect([bytes, lines.size, validBytes]).toEqual([bytes, expected, [0, first, whole.length][expected]]);
    }
  });

  test('drops a last line that ends in a newline but is no record, as after a power failure', async () => {
    writeFileSync(file, `${line(0)}${'\0'.repeat(50)}\n`);
    expect([...(await readSamples(file)).lines.keys()]).toEqual(['mmlu/anatomy/0']);
  });

  test('has nothing to read where there is no file', async () => {
    expect((await readSamples(file)).lines.size).toBe(0);
  });

  test.each([
    ['a damaged line before the last', `{"id":\n${line(1)}`, /Line 1 .*not JSON/],
    [
      'two results for one sample',
      line(0) + line(0).replace('"A":-1', '"A":-9'),
      /Line 2 .*second result for mmlu\/anatomy\/0/,
    ],
  ])('refuses %s', async (_, text, message) => {
    writeFileSync(file, text);
    await expect(readSamples(file)).rejects.toThrow(message);
  });
});

describe('openSamples', () => {
  test('cuts a torn line and appends after it', async () => {
    writeFileSync(file, `${line(0)}{"id":"mm`);
    const { validBytes } = await readSamples(file);
    const writer = await openSamples(file, validBytes);
    await writer.append(line(1));
    await writer.close();
    expect(readFileSync(file, 'utf8')).toBe(line(0) + line(1));
  });

  test('says that the disk is full', async () => {
    if (!existsSync('/dev/full')) return; // Linux only; the next test is about what stays behind.
    const writer = await openSamples('/dev/full', 0);
    await expect(writer.append(line(0))).rejects.toMatchObject({
      code: 'run/write',
      exitCode: 3,
      message: expect.stringMatching(/Cannot write \/dev\/full.*full disk/),
    });
    await writer.close();
  });

  test('leaves only whole lines on a disk that runs full', async () => {
    const disk = path.join(folder, 'disk');
    mkdirSync(disk);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', disk]);
    if (mount.status !== 0) return console.warn('skipped: a small disk can only be mounted by root');
    try {
      const small = path.join(disk, 'samples.jsonl');
      const writer = await openSamples(small, 0);
      let appended = 0;
      const fill = async () => {
        for (; appended < 1000; appended++) await writer.append(line(appended));
      };
      await expect(fill()).rejects.toThrow(/full disk/);
      await writer.close();
      const { lines, validBytes } = await readSamples(small);
      expect(appended).toBeGreaterThan(3);
      expect(lines.size).toBe(appended);
      expect(readFileSync(small).length).toBe(validBytes);
      await expect(writeAtomically(small, line(0).repeat(100))).rejects.toThrow(/full disk/);
      expect((await readSamples(small)).lines.size).toBe(appended);
      expect(existsSync(`${small}.tmp`)).toBe(false);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});

describe('orderSamples', () => {
  test('writes the lines in plan order and keeps their bytes', async () => {
    writeFileSync(file, line(2) + line(0) + line(1));
    await orderSamples(
      file,
      [0, 1, 2].map((row) => `mmlu/anatomy/${row}`),
    );
    expect(readFileSync(file, 'utf8')).toBe(line(0) + line(1) + line(2));
  });

  test('refuses to call a run finished that has a sample without a result', async () => {
    writeFileSync(file, line(0));
    await expect(orderSamples(file, ['mmlu/anatomy/0', 'mmlu/anatomy/1'])).rejects.toThrow(/anatomy\/1/);
    expect(readFileSync(file, 'utf8')).toBe(line(0));
  });
});

describe('run folders', () => {
  test('are named by UTC time, suites and model, without characters that shells or disks dislike', () => {
    const time = new Date('2026-01-31T23:59:58.123Z');
    expect(runId(time, ['mmlu', 'ceval'], '/models/DeepSeek V3 (base)')).toBe(
      '20260131-235958-mmlu-ceval-DeepSeek_V3_base_',
    );
  });

  test('get a number when two runs start in one second', async () => {
    expect(path.basename(await createRunFolder(folder, 'x'))).toBe('x');
    expect(path.basename(await createRunFolder(folder, 'x'))).toBe('x-2');
  });

  test('below a file are refused in words', async () => {
    writeFileSync(file, '');
    await expect(createRunFolder(path.join(file, 'runs'), 'x')).rejects.toMatchObject({
      code: 'run/write',
      exitCode: 3,
    });
  });
});

(existsSync('/proc/self') ? describe : describe.skip)(
  'makeFolder below a file system that makes no folders (needs /proc)',
  () => {
    test('ends with a reason instead of trying for ever', async () => {
      await expect(createRunFolder('/proc/evalrun/runs', 'x')).rejects.toThrow(
        /Cannot write .*no folder that could be made/,
      );
    });
  },
);
