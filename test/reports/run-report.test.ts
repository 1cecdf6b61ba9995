import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SampleData } from '../../reports/page-data.js';
import { packSamples } from '../../reports/run/sample-data.js';
import { renderRunMarkdown } from '../../reports/run-markdown.js';
import { renderRunReport } from '../../reports/run-report.js';
import { loadRunReport } from '../../runner/read-run.js';
import { type ChoiceLine, isChoice } from '../../runner/sample-line.js';
import {
  choiceLines,
  engineLine,
  expertsLine,
  generation,
  type MadeRun,
  seeded,
  suiteOf,
  writeRun,
  writtenLine,
} from './made-run.js';

let home: string;
let made = 0;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-report-'));
});
afterAll(() => rmSync(home, { recursive: true }));

async function report(run: MadeRun, options = {}): Promise<{ html: string; folder: string }> {
  made += 1;
  const folder = writeRun(path.join(home, `run-${made}`), run);
  return { html: renderRunReport(await loadRunReport(folder), options), folder };
}

/** What a reader sees of an element: tags and entities resolved. */
function seen(html: string): string {
  return html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:amp|lt|gt|quot|#x27|#x3D);/g, (entity) => {
      return { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'", '&#x3D;': '=' }[entity] ?? entity;
    })
    .replace(/\s+/g, ' ');
}

const section = (html: string, id: string) =>
  new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(html)?.[0] ?? '';

/** Cells of the row whose heading is `name`. */
function row(html: string, name: string): string[] {
  const found = [...html.matchAll(/<tr[^>]*>([\s\S]*?)<\/tr>/g)].map(([, text = '']) =>
    [...text.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = '']) => seen(cell).trim()),
  );
  return found.find(([head]) => head === name) ?? [];
}

/** Wilson's interval written out once more, from his paper and not from our statistics. */
function wilsonText(correct: number, n: number): string {
  const z = 1.959963984540054;
  const p = correct / n;
  const root = z * Math.sqrt((p * (1 - p) + z ** 2 / (4 * n)) / n);
  const [low, high] = [
    (p + z ** 2 / (2 * n) - root) / (1 + z ** 2 / n),
    (p + z ** 2 / (2 * n) + root) / (1 + z ** 2 / n),
  ];
  return `${(100 * low).toFixed(1)} – ${(100 * high).toFixed(1)} %`;
}

const choice = choiceLines(1000, 5);
const written = ['correct', 'correct', 'wrong', 'unparsed', 'truncated'].map((status, at) =>
  writtenLine({
    id: `math500/${at}`,
    group: 'Algebra',
    status: status as 'correct',
    score: status === 'correct' ? 1 : 0,
    ...(status === 'unparsed' && { answer: null, extracted_by: null, rule: null }),
    ...(status === 'truncated' && { answer: null, extracted_by: null, rule: null, end: 'truncated' as const }),
  }),
);
const lines = [...choice, ...written];
const mixed: MadeRun = {
  record: {
    suites: [
      suiteOf('mmlu', lines, { categories: { STEM: ['subject_0', 'subject_1'] }, notes: ['Shots were dropped.'] }),
      suiteOf('math500', lines, { generation, published: [] }),
    ],
  },
  lines,
  telemetry: [
    engineLine(1),
    engineLine(2, { decode_tokens: 750 }),
    ...lines.map(({ id }, at) => ({ type: 'sample', seconds: 2 + at / 1e4, id, prompt_tokens: 10, shared_tokens: 6 })),
  ],
};

describe('the numbers on the page', () => {
  let html: string;
  let stored: ChoiceLine[];
  beforeAll(async () => {
    const made = await report(mixed);
    html = made.html;
    const text = readFileSync(path.join(made.folder, 'samples.jsonl'), 'utf8');
    stored = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ChoiceLine)
      .filter(({ suite }) => suite === 'mmlu');
  });
  const correct = (samples: readonly { readonly status: string }[]) =>
    samples.filter(({ status }) => status === 'correct').length;

  test('are those of samples.jsonl, for the suite, a category and every subject', () => {
    const scores = section(html, 'scores');
    const percent = (part: number, all: number) => `${((100 * part) / all).toFixed(1)} %`;
    expect(row(scores, 'All questions (micro)').slice(1, 4)).toEqual([
      '1,000',
      percent(correct(stored), 1000),
      wilsonText(correct(stored), 1000),
    ]);
    const subjects = section(html, 'subjects');
    for (const group of ['subject_0', 'subject_1', 'subject_2', 'subject_3', 'subject_4']) {
      const samples = stored.filter((line) => line.group === group);
      expect(row(subjects, group.replace('_', ' ')).slice(1, 4)).toEqual([
        '200',
        percent(correct(samples), 200),
        wilsonText(correct(samples), 200),
      ]);
    }
    const stem = stored.filter(({ group }) => group === 'subject_0' || group === 'subject_1');
    expect(row(subjects, 'STEM').slice(1, 4)).toEqual([
      '400',
      percent(correct(stem), 400),
      wilsonText(correct(stem), 400),
    ]);
    const mean = ['0', '1', '2', '3', '4'].map(
      (n) => correct(stored.filter(({ group }) => group === `subject_${n}`)) / 200,
    );
    expect(row(scores, 'Mean of 5 subjects (macro)')[2]).toBe(`${(mean.reduce((a, b) => a + b) * 20).toFixed(1)} %`);
  });

  test('count each status, and say how far the accuracy could lie', () => {
    const statuses = section(html, 'statuses');
    const failed = stored.filter(({ status }) => status === 'engine_error').length;
    expect(failed).toBe(10);
    expect(row(statuses, 'engine error').slice(1, 3)).toEqual(['10', '1.0 %']);
    expect(row(statuses, 'correct')[1]).toBe(String(correct(stored)));
    const [low, high] = [correct(stored) / 10, (correct(stored) + failed) / 10].map((value) => `${value.toFixed(1)} %`);
    expect(seen(statuses)).toContain(
      `10 samples have no judged answer and count as not correct. The accuracy is ${low} if all of them are wrong, as counted here, and ${high} if all`,
    );
    expect(seen(statuses)).toContain('The accuracy is 40.0 % if all of them are wrong, as counted here, and 80.0 %');
  });

  test('count letters, answered and in the key', () => {
    const letters = section(html, 'letters');
    const count = (pick: (line: ChoiceLine) => string | null) =>
      ['A', 'B', 'C', 'D'].map((label) => String(stored.filter((line) => pick(line) === label).length));
    expect(row(letters, 'Answered').slice(1)).toEqual(count(({ answer }) => answer));
    expect(row(letters, 'In the key').slice(1)).toEqual(count(({ target }) => target));
  });

  test('say which rules found written answers, and how many were not found', () => {
    const answers = section(html, 'answers');
    expect(row(answers, 'boxed').slice(1, 3)).toEqual(['3', '60.0 %']);
    expect(row(answers, 'not found').slice(1, 3)).toEqual(['2', '40.0 %']);
    expect(row(answers, 'most tokens reached').slice(1, 3)).toEqual(['1', '20.0 %']);
  });

  test('divide tokens by the time in which they were computed', () => {
    expect(seen(section(html, 'throughput'))).toContain('4,000 prompt tokens and 500 generated tokens per second');
    expect(seen(section(html, 'memory'))).toMatch(
      /Weights 3\.0 GiB KV cache 1\.0 GiB Workspace 256\.0 MiB Resident, whole process 5\.0 GiB/,
    );
  });

  test('stand beside published scores', () => {
    const scores = section(html, 'scores');
    expect(row(scores, 'DeepSeek-V3-Base report')[2]).toBe('87.1 %');
    expect(seen(scores)).toContain('Shots were dropped.');
    expect(seen(scores)).not.toContain('asked a part of it');
  });

  test('are said to be of a part where the files hold more questions', async () => {
    const suite = suiteOf('mmlu', choice);
    const [dataset] = suite.datasets;
    const files = [{ path: 'mmlu/test/law_test.csv', sha256: 'b'.repeat(64), rows: 1001 }];
    const part = { ...suite, datasets: dataset === undefined ? [] : [{ ...dataset, files }] };
    const made = await report({ record: { suites: [part] }, lines: choice });
    expect(seen(section(made.html, 'scores'))).toContain('this run asked a part of it');
  });

  test('hold every sample', () => {
    const base64 = /id="sample-data">([^<]*)</.exec(html)?.[1] ?? '';
    const data = JSON.parse(gunzipSync(Buffer.from(base64, 'base64')).toString()) as SampleData;
    expect(data.id).toEqual(lines.map(({ id }) => id));
    for (const at of [0, 98, 99, 500]) {
      const line = choice.filter(isChoice)[at] as ChoiceLine;
      expect(data.strings[data.target[at] as number]).toBe(line.target);
      expect(data.statuses[data.status[at] as number]).toBe(line.status);
      if (line.margin === null) expect(data.margin[at]).toBeNull();
      else expect(data.margin[at]).toBeCloseTo(line.margin, 3);
    }
  });
});

describe('the same problems in two languages', () => {
  test('are compared problem by problem', async () => {
    const lines = ['en', 'zh'].flatMap((group) =>
      Array.from({ length: 10 }, (_, row) => {
        // Eight right in both, one in English only, one in neither.
        const isRight = row < 8 || (row === 8 && group === 'en');
        const id = `mgsm/${group}/${row}`;
        return {
          ...writtenLine({ id, group }),
          suite: 'mgsm',
          ...(!isRight && { status: 'wrong' as const, score: 0 }),
        };
      }),
    );
    const { html } = await report({
      record: { suites: [suiteOf('mgsm', lines, { generation, language: 'mixed' })] },
      lines,
    });
    const shown = seen(section(html, 'language-gap'));
    expect(shown).toMatch(/MGSM .*English 10 90\.0 % .*Chinese 10 80\.0 %/);
    expect(shown).toContain('English minus Chinese: +10.0 points');
    expect(shown).toContain(
      'The same 10 problems in both languages, compared problem by problem: 1 right in English only, 0 in Chinese only.',
    );
  });
});

describe('what was not recorded', () => {
  test('is said, section by section', async () => {
    const { html } = await report({ record: { suites: [suiteOf('mmlu', choice)] }, lines: choice });
    for (const id of ['throughput', 'memory', 'cost']) expect(seen(section(html, id))).toContain('Not recorded.');
    expect(seen(section(html, 'experts'))).toContain('Not recorded: the model has no routed experts');
    expect(section(html, 'language-gap')).toBe('');
    expect(html).not.toContain('katex');
  });

  test('is not guessed: energy of a part of the run is no energy of the run', async () => {
    const { html } = await report({ ...mixed, telemetry: [engineLine(1, { energy_joules: 5 }), engineLine(2)] });
    expect(seen(section(html, 'throughput'))).toMatch(/Energy Not recorded/);
  });
});

describe('what must be known first', () => {
  test('an unfinished run says how much is missing, and counts it', async () => {
    const suite = suiteOf('mmlu', choice);
    const { html } = await report({ record: { suites: [suite] }, lines: choice.slice(0, 900) });
    expect(seen(section(html, 'provenance'))).toContain(
      'This run is not finished: 100 of 1,000 planned samples have no result yet.',
    );
    expect(row(section(html, 'statuses'), 'no result yet')[1]).toBe('100');
  });

  test('random weights, data that were changed, a missing sandbox and an invalid suite', async () => {
    const cut = written.map((line) => ({ ...line, status: 'truncated' as const, score: 0 }));
    const suite = suiteOf('math500', cut, { generation });
    const [dataset] = suite.datasets;
    const { html } = await report({
      record: {
        model: { ...(await loadRunReport((await report(mixed)).folder)).record.model, random: true },
        suites: [
          { ...suite, datasets: dataset === undefined ? [] : [{ ...dataset, deviations: ['A row is missing.'] }] },
        ],
        sandbox: {
          rung: 'unsafe',
          bubblewrap: null,
          pyodide: null,
          python: '3.11',
          packages: {},
          defences: [],
          limits: {},
        },
      },
      lines: cut,
    });
    const notices = seen(section(html, 'provenance'));
    expect(notices).toContain('The weights are random: the scores mean nothing.');
    expect(notices).toContain('MATH-500 is invalid: every answer was cut off');
    expect(notices).toContain('MATH-500: the data differ from the published files: A row is missing.');
    expect(notices).toContain('Generated programs ran without a sandbox');
  });
});

describe('expert loads', () => {
  test('are measured for every layer, over all subjects', async () => {
    const experts = [
      expertsLine('subject_0', { layers: 2, experts: 8 }),
      expertsLine('subject_1', { layers: 2, experts: 8 }),
    ];
    const { html } = await report({ record: { suites: [suiteOf('mmlu', choice)] }, lines: choice, telemetry: experts });
    const counts = (experts[0] as { counts: number[][] }).counts[0] as number[];
    const total = counts.reduce((a, b) => a + b);
    const entropy = -counts.reduce((sum, n) => sum + (n / total) * Math.log(n / total), 0) / Math.log(8);
    expect(row(section(html, 'experts'), '1')).toEqual(['1', ((700 * 8) / total).toFixed(2), entropy.toFixed(3), '0']);
    expect(section(html, 'experts')).toContain('<option value="2">MMLU · subject 1</option>');
  });
});

describe('cost', () => {
  test('is what the answered questions took, at the price given', async () => {
    const sample = { type: 'sample', prompt_tokens: 10, shared_tokens: 6 };
    const telemetry = [
      { ...sample, seconds: 4, id: 'mmlu/subject_0/0' },
      { ...sample, seconds: 6, id: 'mmlu/subject_1/0' },
    ];
    const { html } = await report({ ...mixed, telemetry }, { price: 3.6 });
    // Six seconds for two questions at a tenth of a cent a second.
    expect(/id="cost-amount"[^>]*>([^<]*)</.exec(html)?.[1]).toBe('3.00');
    expect(seen(section(html, 'cost'))).toContain('1,000 questions take 3,000 seconds on this machine.');
    expect(html).toContain('value="3.6"');
  });

  test('has no price unless one is given', async () => {
    expect(/id="cost-amount"[^>]*>([^<]*)</.exec((await report(mixed)).html)?.[1]).toBe('—');
  });
});

describe('the page as a file', () => {
  test('is the same bytes for the same folder', async () => {
    const { html, folder } = await report(mixed);
    expect(renderRunReport(await loadRunReport(folder))).toBe(html);
  });

  test('has only the fonts that its formulas need', async () => {
    const { html } = await report(mixed);
    expect(html).toMatch(/font-family:"?KaTeX_Main"?[^}]*data:font\/woff2/);
    expect(html).not.toMatch(/@font-face\{[^}]*KaTeX_Fraktur/);
    expect(html).not.toMatch(/url\(fonts/);
  });

  test('has as much of each text as fits, and says what is left out', async () => {
    const random = seeded(3);
    // Characters that do not compress.
    const noise = () =>
      Array.from({ length: 6000 }, () => String.fromCodePoint(0x4e00 + Math.floor(random() * 16_384))).join('');
    const long = Array.from({ length: 20 }, (_, at) =>
      writtenLine({ id: `math500/${at}`, group: 'Algebra', output: noise() }),
    );
    const { folder } = await report({ record: { suites: [suiteOf('math500', long, { generation })] }, lines: long });
    const { base64 } = packSamples(await loadRunReport(folder), 200_000);
    expect(base64.length).toBeLessThan(200_000);
    expect(base64.length).toBeGreaterThan(80_000);
    const data = JSON.parse(gunzipSync(Buffer.from(base64, 'base64')).toString()) as SampleData;
    expect(data.id).toHaveLength(20);
    for (const place of data.output)
      expect((data.strings[place] as string).length + (data.clipped[place] as number)).toBe(6000);
  });
});

describe('the summary in Markdown', () => {
  test('has a row for each suite, with what has no judged answer', async () => {
    const { folder } = await report(mixed);
    const text = renderRunMarkdown(await loadRunReport(folder));
    expect(text).toMatch(
      /\| MMLU \| official v1, 5-shot \| 1,000 \| \d+\.\d % \| \d+\.\d – \d+\.\d % \| 10 engine error \(accuracy between \d+\.\d % and \d+\.\d %, depending on them\) \|/,
    );
    expect(text).toMatch(
      /\| MATH-500 \| .* \| 5 \| 40\.0 % \| .* \| 1 unparsed, 1 truncated \(accuracy between 40\.0 % and 80\.0 %, depending on them\) \|/,
    );
    expect(text.endsWith('\n')).toBe(true);
  });

  test('strikes out the score of an invalid suite and says why', async () => {
    const cut = written.map((line) => ({ ...line, status: 'truncated' as const, score: 0 }));
    const { folder } = await report({ record: { suites: [suiteOf('math500', cut, { generation })] }, lines: cut });
    const text = renderRunMarkdown(await loadRunReport(folder));
    expect(text).toContain('> ⚠ MATH-500 is invalid: every answer was cut off');
    expect(text).toContain('~~0.0 %~~');
  });

  test('is Chinese on request', async () => {
    const { folder } = await report(mixed);
    expect(renderRunMarkdown(await loadRunReport(folder), 'zh')).toContain(
      '| 评测集 | 协议 | n | 准确率 | 95 % 区间 | 没有经过判定的答案 |',
    );
  });

  test('takes nothing of a run for markup', async () => {
    const id = '<img src=x>|a|\n# [x](https://evil.example) @someone `$(rm)`';
    const { folder } = await report({ ...mixed, record: { ...mixed.record, id } });
    const text = renderRunMarkdown(await loadRunReport(folder));
    expect(text.split('\n')[0]).toBe(
      '### &lt;img src=x&gt;\\|a\\| \\# \\[x\\]\\(https&#58;//evil.example\\) &#64;someone \\`\\$\\(rm\\)\\`',
    );
  });
});
