import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FileTail } from '../../viewer/file-tail.js';
import { Rate } from '../../viewer/rate.js';

let folder: string;
let file: string;
let seen: string[];
let restarts: number;
const reader = { onLine: (line: string) => seen.push(line), onRestart: () => restarts++ };
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'evalrun-tail-'));
  file = path.join(folder, 'lines');
  [seen, restarts] = [[], 0];
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('FileTail', () => {
  test('gives each line once, a torn one when its end is there', async () => {
    const tail = new FileTail(file);
    expect(await tail.read(reader)).toBe(false);
    writeFileSync(file, 'one\ntw');
    expect(await tail.read(reader)).toBe(true);
    appendFileSync(file, 'o\n');
    await tail.read(reader);
    await tail.read(reader);
    expect([seen, restarts]).toEqual([['one', 'two'], 0]);
  });

  test('keeps characters whole whose bytes come in two pieces', async () => {
    const tail = new FileTail(file);
    const bytes = Buffer.from('中文\n');
    writeFileSync(file, bytes.subarray(0, 4));
    await tail.read(reader);
    appendFileSync(file, bytes.subarray(4));
    await tail.read(reader);
    expect(seen).toEqual(['中文']);
  });

  test('begins again when the file is cut', async () => {
    const tail = new FileTail(file);
    writeFileSync(file, 'one\ntwo\nthr');
    await tail.read(reader);
    truncateSync(file, 4);
    appendFileSync(file, 'x\n');
    await tail.read(reader);
    expect([seen, restarts]).toEqual([['one', 'two', 'one', 'x'], 1]);
  });

  test('begins again when a resumed run cuts a torn line off and writes on', async () => {
    const tail = new FileTail(file);
    writeFileSync(file, 'one\n{"torn');
    await tail.read(reader);
    truncateSync(file, 4);
    appendFileSync(file, 'two, which is longer\n');
    await tail.read(reader);
    expect([seen, restarts]).toEqual([['one', 'one', 'two, which is longer'], 1]);
  });

  test('begins again when another file takes its place, as a run does that puts its samples into order', async () => {
    const tail = new FileTail(file);
    writeFileSync(file, 'two\none\n');
    await tail.read(reader);
    writeFileSync(`${file}.new`, 'one\ntwo\nthree\n');
    renameSync(`${file}.new`, file);
    await tail.read(reader);
    expect([seen, restarts]).toEqual([['two', 'one', 'one', 'two', 'three'], 1]);
  });

  test('gives lines larger than a piece, and passes over one that is no line of a run', async () => {
    const tail = new FileTail(file);
    const large = 'x'.repeat(3 << 20);
    writeFileSync(file, `${large}\nsmall\n`);
    await tail.read(reader);
    expect(seen.map((line) => line.length)).toEqual([large.length, 5]);
    writeFileSync(file, Buffer.concat([Buffer.alloc(65 << 20, 120), Buffer.from('\nafter\n')]));
    await tail.read(reader);
    expect(seen.at(-1)).toBe('after');
    expect(seen).toHaveLength(3);
  });
});

describe('Rate', () => {
  test('is the growth over the last half minute, and unknown at first and when nothing grows', () => {
    const rate = new Rate();
    rate.note(0, 0);
    expect(rate.perSecond()).toBeNull();
    rate.note(10, 2000);
    expect(rate.perSecond()).toBe(5);
    for (let second = 3; second <= 100; second++) rate.note(10 + (second - 2) * 2, second * 1000);
    expect(rate.perSecond()).toBeCloseTo(2, 6);
    for (let second = 101; second <= 140; second++) rate.note(206, second * 1000);
    expect(rate.perSecond()).toBeNull();
  });

  test('begins anew when the count falls', () => {
    const rate = new Rate();
    rate.note(100, 0);
    rate.note(3, 1000);
    rate.note(5, 3000);
    expect(rate.perSecond()).toBe(1);
  });
});
