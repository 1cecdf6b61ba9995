/** Runs of suites with written answers on a fake engine: statuses, files, resumption, scoring again. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GenerateRequest } from '../../engine/engine.js';
import { rescoreRun } from '../../runner/rescore.js';
import type { RunRecord } from '../../runner/run-record.js';
import { type RunSuiteOptions, runSuite } from '../../runner/run-suite.js';
import type { RunMetrics } from '../../runner/run-summary.js';
import type { GenerativeLine } from '../../runner/sample-line.js';
import { fakeEngine } from './fake-engine.js';
import { fakePrograms } from './fake-programs.js';

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-written-'));
});
afterAll(() => rmSync(home, { recursive: true }));

/** What the fake model writes, by the place of the question: every way in which an answer can end. */
const mathTexts = [
  { text: 'so \\boxed{3/4}' },
  { text: 'so \\boxed{99999}' },
  { text: 'I cannot say.' },
  { text: 'it is', end: 'truncated' as const },
  { text: '<think>half a thought' },
];
const codeTexts = [
  { text: '    return 1 # passed', end: 'stop' as const },
  { text: '    return 1' },
  { text: '    return 1 # timeout' },
  { text: '    return 1 # oom' },
  { text: '    return 1 # sandbox_error' },
  { text: '    return 1', end: 'truncated' as const },
];
const place = ({ id }: GenerateRequest) => Number(/\d+$/.exec(id)?.[0] ?? 0);
const write = (request: GenerateRequest) => {
  const texts = request.id.startsWith('humaneval') ? codeTexts : mathTexts;
  return texts[place(request) % texts.length] ?? { text: '' };
};

const openPrograms = async () => fakePrograms();
const start = (options: Partial<RunSuiteOptions> = {}) =>
  runSuite({
    engine: fakeEngine({ write }),
    suite: ['math500', 'humaneval'],
    dataDir: 'embedded',
    out: path.join(home, 'runs'),
    openPrograms,
    ...options,
  });
const read = (folder: string, name: string) => readFileSync(path.join(folder, name), 'utf8');
const linesOf = (folder: string): GenerativeLine[] =>
  read(folder, 'samples.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
function results(folder: string): { samples: string; metrics: RunMetrics } {
  return { samples: read(folder, 'samples.jsonl'), metrics: { ...JSON.parse(read(folder, 'metrics.json')), run: '' } };
}

describe('a run', () => {
  test('names every way in which an answer can end, and counts all of them', async () => {
    const { folder, metrics } = await start();
    const lines = linesOf(folder);
    expect(lines.slice(0, 5).map(({ status, end }) => [status, end])).toEqual([
      ['correct', 'eos'],
      ['wrong', 'eos'],
      ['unparsed', 'eos'],
      ['truncated', 'truncated'],
      ['truncated', 'eos'],
    ]);
    expect(lines.slice(60, 66).map(({ status, rule }) => [status, rule])).toEqual([
      ['correct', 'tests'],
      ['wrong', 'assertion'],
      ['timeout', null],
      ['oom', null],
      ['sandbox_error', null],
      ['truncated', 'assertion'],
    ]);
    const { humaneval, math500 } = metrics.suites;
    expect([humaneval?.n, math500?.n]).toEqual([40, 60]);
    expect(humaneval?.statuses).toMatchObject({
      correct: 7,
      wrong: 7,
      timeout: 7,
      oom: 7,
      sandbox_error: 6,
      truncated: 6,
    });
    expect(humaneval?.accuracy).toBe(7 / 40);
    expect(humaneval?.written).toMatchObject({
      extracted_by: { completion: 40 },
      ends: { stop: 7, eos: 27, truncated: 6 },
    });
    expect([humaneval?.letters, humaneval?.invalid, metrics.language_gap]).toEqual([null, undefined, null]);
  });

  test('writes lines of exactly these bytes, and times to telemetry only', async () => {
    const { folder } = await start({ suite: 'humaneval', limit: 1, seed: 1 });
    const [line] = linesOf(folder);
    const keys =
      'id suite group repeat status target answer score output end extracted_by rule prompt_tokens completion_tokens prompt_sha256';
    expect(Object.keys(line ?? {}).join(' ')).toBe(keys);
    expect(read(folder, 'samples.jsonl')).not.toMatch(/took|wall/);
    expect(read(folder, 'telemetry.jsonl')).toMatch(/"sandbox":\{"detail":"took/);
  });

  test('is the same bytes whatever the order in which answers come', async () => {
    const a = await start();
    const b = await start({ engine: fakeEngine({ write, reverse: true, delayMs: 1 }) });
    expect(results(b.folder)).toEqual(results(a.folder));
  });

  test('in which every answer was cut off is invalid', async () => {
    const cut = fakeEngine({ write: () => ({ text: 'and so on', end: 'truncated' }) });
    const { metrics } = await start({ engine: cut, maxTokens: 7, limit: 5 });
    for (const suite of ['math500', 'humaneval']) {
      expect(metrics.suites[suite]?.statuses.truncated).toBe(5);
      expect(metrics.suites[suite]?.invalid).toMatch(/every answer was cut off \(at most 7 tokens each\)/);
    }
  });

  test('records how answers are generated and what runs programs', async () => {
    const { folder, record } = await start({ maxTokens: 50, temperature: 0.6, topP: 0.95 });
    const stored = JSON.parse(read(folder, 'run.json')) as RunRecord;
    expect(stored).toEqual(record);
    expect(stored.settings).toMatchObject({ max_tokens: 50, temperature: 0.6, top_p: 0.95 });
    expect(stored.sandbox).toMatchObject({ rung: 'bubblewrap', python: '3.11.2', limits: { timeoutMs: 10_000 } });
    const [math, code] = stored.suites;
    expect(math?.generation).toMatchObject({
      asks: 'chat',
      max_tokens: 50,
      temperature: 0.6,
      executes: false,
      stop: [],
    });
    expect(code?.generation).toMatchObject({ asks: 'completion', executes: true });
    expect(math?.notes).toContain('Asked in plain text: the checkpoint has no chat template.');
    expect(math?.datasets[0]?.files[0]?.path).toBe('math500/test.jsonl');
    const choice = await start({ suite: 'mmlu', limit: 2 });
    expect(choice.record.suites[0]).not.toHaveProperty('generation');
    expect(choice.record).not.toHaveProperty('sandbox');
  });

  test('refuses a suite of programs without a sandbox, before anything is written', async () => {
    const out = path.join(home, 'refused');
    const missing = async () => {
      throw new Error('no sandbox');
    };
    await expect(start({ out, openPrograms: missing })).rejects.toThrow('no sandbox');
    expect(readdirSync(home)).not.toContain('refused');
    await expect(start({ out, suite: 'math500', limit: 1, openPrograms: missing })).resolves.toBeDefined();
  });
});

describe('a chat', () => {
  const chatTemplate = '{{ bos_token }}[U]{{ messages[0].content }}[A]';
  const promptsOf = async (options: Partial<RunSuiteOptions>, template: string | undefined = chatTemplate) => {
    const asked: GenerateRequest[] = [];
    const engine = fakeEngine({
      ...(template !== '' && { chatTemplate: template }),
      write: (request) => {
        asked.push(request);
        return { text: '' };
      },
    });
    const { record } = await start({ engine, limit: 1, ...options });
    return { texts: asked.map(({ context }) => engine.tokenizer.decode([...context])), record };
  };

  test('goes through the template where there is one; a completion does not', async () => {
    const { texts, record } = await promptsOf({});
    expect(texts[0]).toMatch(/^<bos>.*\[U\][\s\S]*\\boxed\{\}\.\[A\]$/);
    expect(texts[1]).toMatch(/^<bos>[^[]*def /);
    expect(record.suites[0]?.generation?.chat_template_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(record.suites[1]?.generation?.chat_template_sha256).toBeNull();
  });

  test('is plain text when it is off, and says so', async () => {
    const { texts, record } = await promptsOf({ chat: 'off', suite: 'math500' });
    expect(texts[0]).toMatch(/^<bos>[^[]*\\boxed\{\}\.$/);
    expect(record.suites[0]?.notes).toContain('Asked in plain text: --chat is off.');
  });

  test.each([
    ['a checkpoint without a template', { suite: 'math500' }, '', /has none.*leave --chat out/],
    [
      'a protocol of completions',
      { suite: 'humaneval' },
      chatTemplate,
      /nothing to put into a chat.*--protocol deepseek/,
    ],
  ])('that must be cannot be with %s', async (_, options, template, says) => {
    const failed = promptsOf({ chat: 'on', ...options }, template);
    await expect(failed).rejects.toMatchObject({ code: 'usage/chat', message: expect.stringMatching(says) });
  });
});

describe('limits', () => {
  test('bound an answer by the context, and refuse a question that leaves no room', async () => {
    const room: number[] = [];
    const engine = (contextLength: number) =>
      fakeEngine({
        info: { contextLength },
        write: ({ context, maxTokens }) => {
          room.push(context.length + maxTokens);
          return { text: '' };
        },
      });
    await start({ engine: engine(400), suite: 'math500' });
    expect(new Set(room)).toEqual(new Set([400]));
    const short = start({ engine: engine(20), suite: 'math500' });
    await expect(short).rejects.toMatchObject({ code: 'suite/prompt-too-long' });
    await expect(start({ temperature: -1 })).rejects.toMatchObject({ code: 'usage/sampling' });
  });
});

describe('a run that stopped', () => {
  async function stoppedRun(): Promise<string> {
    let folder = '';
    const onStart: RunSuiteOptions['onStart'] = (started) => {
      folder = started.folder;
    };
    const engine = fakeEngine({ write, failAfter: 23 });
    await expect(start({ engine, suite: 'humaneval', onStart })).rejects.toThrow('the fake engine broke');
    return folder;
  }
  const resume = (folder: string, options: Partial<RunSuiteOptions> = {}) =>
    runSuite({ engine: fakeEngine({ write }), resume: folder, openPrograms, ...options });

  test('keeps what was finished, and its resumption equals an uninterrupted run', async () => {
    const folder = await stoppedRun();
    const done = linesOf(folder).length;
    expect(done).toBeGreaterThan(10);
    appendFileSync(path.join(folder, 'samples.jsonl'), '{"id":"humaneval/39","out');
    const { work } = await resume(folder);
    expect(work.samples).toBe(40 - done);
    expect(results(folder)).toEqual(results((await start({ suite: 'humaneval' })).folder));
  });

  test.each([
    ['the most tokens', { maxTokens: 9 }, /humaneval max_tokens: 1024 -> 9/],
    ['the temperature', { temperature: 1 }, /humaneval temperature: 0 -> 1/],
    [
      'the Python of the sandbox',
      { openPrograms: async () => ({ ...fakePrograms(), report: { ...fakePrograms().report, python: '3.12.0' } }) },
      /sandbox: bubblewrap, Python 3.11.2 -> bubblewrap, Python 3.12.0/,
    ],
  ])('is not resumed when %s differs', async (_, options, says) => {
    const failed = resume(await stoppedRun(), options);
    await expect(failed).rejects.toMatchObject({ code: 'run/settings-differ', message: expect.stringMatching(says) });
  });

  test('by an abort leaves no program running', async () => {
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      if (done === 5) controller.abort();
    };
    const programs = fakePrograms();
    const stopped = start({
      suite: 'humaneval',
      signal: controller.signal,
      onProgress,
      openPrograms: async () => programs,
    });
    await expect(stopped).rejects.toMatchObject({ code: 'run/interrupted' });
    expect(programs.closed).toBe(true);
  });
});

describe('scoring again', () => {
  test('changes nothing when nothing changed', async () => {
    const { folder } = await start();
    const before = results(folder);
    const { changes } = await rescoreRun(folder, { openPrograms });
    expect(changes).toEqual([]);
    expect(results(folder)).toEqual(before);
  });

  test('judges the stored texts and lists what changed', async () => {
    const { folder, metrics } = await start();
    const file = path.join(folder, 'samples.jsonl');
    const text = read(folder, 'samples.jsonl').replace('so \\\\boxed{99999}', 'so \\\\boxed{4}');
    writeFileSync(file, text.replace('"output":"    return 1 # timeout', '"output":"    return 1 # passed'));
    const again = await rescoreRun(folder, { openPrograms });
    expect(again.changes).toEqual([
      { id: 'math500/1', before: 'wrong', after: 'correct' },
      { id: 'humaneval/2', before: 'timeout', after: 'correct' },
    ]);
    expect(again.metrics.suites.math500?.statuses.correct).toBe((metrics.suites.math500?.statuses.correct ?? 0) + 1);
    expect(linesOf(folder)[1]).toMatchObject({ status: 'correct', answer: '4', score: 1 });
  });
});
