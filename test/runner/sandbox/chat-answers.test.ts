/** Reference solutions as chat models write them pass through extraction, assembly and the sandbox; stubs fail. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../../package-root.js';
import { judgeAnswer } from '../../../runner/judge-answer.js';
import { openPrograms } from '../../../runner/programs.js';
import { getSuite } from '../../../suites/registry.js';
import { PUBLISHED, testPublished } from '../../suites/fixtures.js';
import { describeInSandbox } from './present.js';

interface Row {
  readonly task_id: string;
  readonly prompt: string;
  readonly canonical_solution: string;
  readonly entry_point: string;
  readonly test: string;
}

function rowsOf(folder: string): readonly Row[] {
  const file = path.join(folder, 'humaneval', 'HumanEval.jsonl.gz');
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const BOX = path.join(packageRoot, 'datasets', 'samples');
/** From the function's own line on: without the prompt's imports and helpers. */
const bare = ({ prompt, canonical_solution: solution, entry_point: name }: Row) =>
  prompt.slice(prompt.indexOf(`def ${name}(`)) + solution;
const tabs = (code: string) => code.replace(/^( {4})+/gm, (indent) => '\t'.repeat(indent.length / 4));

const styles: Readonly<Record<string, (row: Row) => string>> = {
  'with prose and helpers repeated': (row) =>
    `Sure! Here it is:\n\n\`\`\`python\n${row.prompt}${row.canonical_solution}\`\`\`\n\nIt works.\n\`\`\`\n>>> ok\n\`\`\``,
  'without helpers, CRLF, a fence that never ends': (row) => `\`\`\`python\n${bare(row)}`.replaceAll('\n', '\r\n'),
  'as a body with tabs': (row) => `\`\`\`python\n${tabs(row.canonical_solution)}\`\`\``,
  'with a main block': (row) =>
    `\`\`\`python\n${bare(row)}\n\nif __name__ == "__main__":\n    raise SystemExit(1)\n\`\`\``,
};

/** Functions are taken in turns, each in one style, unless EVALRUN_EXHAUSTIVE asks for all of them in every style. */
const isAsked = (row: number, style: number) =>
  Boolean(process.env.EVALRUN_EXHAUSTIVE) || row % Object.keys(styles).length === style;

async function statuses(
  dataDir: string,
  protocol: string,
  answer: (row: Row) => string,
  asked: (row: number) => boolean = () => true,
): Promise<Record<string, number>> {
  const [plan] = await getSuite('humaneval').plan({ dataDir, protocol, seed: 0 });
  if (plan?.kind !== 'generative') throw new Error('no plan');
  const programs = await openPrograms({ unsafeExec: false });
  const { judge } = plan;
  const counts: Record<string, number> = {};
  await Promise.all(
    rowsOf(dataDir === 'embedded' ? BOX : dataDir)
      .filter((_, at) => asked(at))
      .map(async (row) => {
        const id = `humaneval/${row.task_id.split('/')[1]}`;
        const { status, extractedBy } = await judgeAnswer(id, { text: answer(row), end: 'eos' }, { judge, programs });
        const name = `${status} ${extractedBy}`;
        counts[name] = (counts[name] ?? 0) + 1;
      }),
  );
  await programs.close();
  return counts;
}

describeInSandbox('answers of a chat model', () => {
  const numbered = Object.entries(styles).map(([name, answer], style) => ({ name, answer, style }));
  test.each(numbered)('$name pass for functions in the box', async ({ answer, style }) => {
    const asked = (row: number) => isAsked(row, style);
    const counts = await statuses('embedded', 'deepseek', answer, asked);
    const expected = Array.from({ length: 40 }, (_, row) => row).filter(asked).length;
    expect(Object.entries(counts)).toEqual([[expect.stringMatching(/^correct fenced-/), expected]]);
  });

  test('that are stubs fail for every function in the box', async () => {
    const counts = await statuses('embedded', 'deepseek', () => '```python\n    return None\n```');
    expect(counts).toEqual({ 'wrong fenced-body': 40 });
  });

  testPublished.each(numbered)('$name pass for published functions', async ({ answer, style }) => {
    const asked = (row: number) => isAsked(row, style);
    const counts = await statuses(PUBLISHED, 'deepseek', answer, asked);
    const expected = Array.from({ length: 164 }, (_, row) => row).filter(asked).length;
    expect(Object.entries(counts)).toEqual([[expect.stringMatching(/^correct fenced-/), expected]]);
  });

  testPublished('and reference solutions pass as completions', async () => {
    const asked = (row: number) => isAsked(row, 0);
    const expected = Array.from({ length: 164 }, (_, row) => row).filter(asked).length;
    expect(await statuses(PUBLISHED, 'official', (row) => row.canonical_solution, asked)).toEqual({
      'correct completion': expected,
    });
  });

  testPublished('and as completions become the very programs that humaneval.test.ts runs', async () => {
    const [plan] = await getSuite('humaneval').plan({ dataDir: PUBLISHED, protocol: 'official', seed: 0 });
    if (plan?.kind !== 'generative') throw new Error('no plan');
    const rows = rowsOf(PUBLISHED);
    expect(rows).toHaveLength(164);
    for (const { task_id, prompt, canonical_solution: text, test, entry_point: entryPoint } of rows) {
      const judgement = plan.judge(`humaneval/${task_id.split('/')[1]}`, { text, truncated: false });
      const execute = { program: prompt + text, prelude: prompt, test, entryPoint };
      expect(judgement).toMatchObject({ extractedBy: 'completion', execute });
    }
  });
});
