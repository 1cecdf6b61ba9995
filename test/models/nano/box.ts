/** The questions in the box, as the corpus must not hold them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { packageRoot } from '../../../package-root.js';

const root = path.join(packageRoot, 'datasets', 'samples');

export interface BoxChoice {
  readonly question: string;
  readonly options: readonly string[];
}

export interface BoxTask {
  readonly task_id: string;
  readonly prompt: string;
  readonly entry_point: string;
  readonly canonical_solution: string;
  readonly test: string;
}

/** Multiple choice, questions for shots included. */
export function boxChoices(): BoxChoice[] {
  return ['mmlu', 'ceval', 'cmmlu'].flatMap((set) => {
    const lead = set === 'mmlu' ? 0 : 1;
    const files = readdirSync(path.join(root, set), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.csv'),
    );
    return files.flatMap((file) => {
      const rows: string[][] = parse(readFileSync(path.join(root, set, file)), { relax_column_count: true });
      return rows
        .filter((row) => row[lead]?.toLowerCase() !== 'question')
        .map((row) => ({ question: row[lead] ?? '', options: row.slice(lead + 1, lead + 5) }));
    });
  });
}

const lines = (file: string) => readFileSync(path.join(root, file), 'utf8').trimEnd().split('\n');

/** Mathematics: problem and key of MATH-500's format. */
export function boxMath(): { readonly problem: string; readonly answer: string }[] {
  return lines('math500/test.jsonl').map((line) => JSON.parse(line));
}

/** Chinese word problems of CMATH's format. */
export function boxChineseMath(): { readonly input: string; readonly golden: string }[] {
  return lines('cmath/cmath_dev.jsonl').map((line) => JSON.parse(line));
}

/** Every problem text of the four mathematics sets. */
export function boxProblems(): string[] {
  const mgsm = ['mgsm_en.tsv', 'mgsm_zh.tsv'].flatMap((file) =>
    lines(`mgsm/${file}`).map((line) => line.split('\t')[0]),
  );
  const gsm8k = lines('gsm8k/test.jsonl').map((line) => JSON.parse(line).question);
  return [...boxMath().map(({ problem }) => problem), ...gsm8k, ...boxChineseMath().map(({ input }) => input), ...mgsm];
}

export function boxTasks(): BoxTask[] {
  const text = gunzipSync(readFileSync(path.join(root, 'humaneval', 'HumanEval.jsonl.gz'))).toString('utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
