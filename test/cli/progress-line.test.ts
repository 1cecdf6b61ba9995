import { describe, expect, test } from '@jest/globals';
import { ProgressLine, renderProgress } from '../../cli/progress-line.js';
import { type Progress, ProgressMeter } from '../../runner/progress.js';

const progress = (done: number): Progress => ({
  suite: 'mmlu',
  done,
  total: 14_042,
  samplesPerSecond: 52.13,
  tokensPerSecond: 3210.4,
  secondsLeft: 250,
});

function output(parts: { isTTY?: boolean; columns?: number } = {}) {
  const written: string[] = [];
  return { ...parts, written, write: (text: string) => written.push(text) };
}

describe('ProgressLine', () => {
  test('writes a plain line every 30 seconds where there is no terminal, without control characters', () => {
    const to = output();
    let nowMs = 0;
    const line = new ProgressLine(to, { nowMs: () => nowMs });
    for (let done = 1; done <= 900; done++) {
      nowMs = done * 100;
      line.update(progress(done));
    }
    line.print('a notice');
    line.clear();
    expect(to.written).toEqual([
      `${renderProgress(progress(300))}\n`,
      `${renderProgress(progress(600))}\n`,
      `${renderProgress(progress(900))}\n`,
      'a notice\n',
    ]);
    expect(to.written.join('').replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('writes no control characters to a dumb terminal', () => {
    const to = output({ isTTY: true });
    let nowMs = 0;
    const line = new ProgressLine(to, { term: 'dumb', nowMs: () => nowMs });
    nowMs = 31_000;
    line.update(progress(1));
    line.clear();
    expect(to.written).toEqual([`${renderProgress(progress(1))}\n`]);
  });

  test('keeps one line on a terminal, shorter than it, at most ten times a second, and the last state always', () => {
    const to = output({ isTTY: true, columns: 30 });
    let nowMs = 0;
    const line = new ProgressLine(to, { nowMs: () => nowMs });
    line.update(progress(1));
    nowMs = 50;
    line.update(progress(2));
    nowMs = 120;
    line.update(progress(3));
    line.update(progress(14_042));
    line.clear();
    expect(to.written).toHaveLength(4);
    for (const text of to.written) {
      expect(text.startsWith('\r\x1b[K')).toBe(true);
      expect(text.length - 4).toBeLessThan(30);
      expect(text).not.toContain('\n');
    }
    expect(to.written.at(-1)).toBe('\r\x1b[K');
  });

  test('is silent when quiet', () => {
    const to = output({ isTTY: true });
    const line = new ProgressLine(to, { quiet: true });
    line.update(progress(1));
    line.print('a notice');
    expect(to.written).toEqual([]);
  });
});

describe('renderProgress', () => {
  test('has done, total, rates and time left', () => {
    expect(renderProgress(progress(1234))).toBe(
      'mmlu  1,234/14,042  8.8 %  52.1 samples/s  3,210 tokens/s  4 min 10 s left',
    );
  });

  test('promises nothing before there is a rate', () => {
    expect(renderProgress({ ...progress(0), secondsLeft: undefined })).toBe('mmlu  0/14,042  0.0 %');
  });
});

describe('ProgressMeter', () => {
  test('takes its rate from the work of this process, not from samples found done', () => {
    let nowMs = 1000;
    const meter = new ProgressMeter(100, 80, () => nowMs);
    meter.suite = 'mmlu';
    nowMs = 3000;
    for (let i = 0; i < 4; i++) meter.finish();
    meter.computedTokens = 500;
    expect(meter.read()).toEqual({
      suite: 'mmlu',
      done: 84,
      total: 100,
      samplesPerSecond: 2,
      tokensPerSecond: 250,
      secondsLeft: 8,
    });
  });
});
