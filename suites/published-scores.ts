/** Scores that model authors published for MMLU, C-Eval and CMMLU, 5-shot, on base models. */
import type { PublishedScore } from './suite.js';

const V3 = 'DeepSeek-V3 README, base models, 5-shot';
const V2 = 'DeepSeek-V2 report, Table 6';
const MOONLIGHT = 'Moonlight README, base models';

/** Model, source, and its percentages on MMLU, C-Eval and CMMLU. */
const ROWS: readonly (readonly [model: string, source: string, mmlu: number, ceval: number, cmmlu: number])[] = [
  ['DeepSeek-V3-Base', V3, 87.1, 90.1, 88.8],
  ['DeepSeek-V2-Base', V3, 78.4, 81.4, 84.0],
  ['Qwen2.5-72B-Base', V3, 85.0, 89.2, 89.5],
  ['Llama-3.1-405B-Base', V3, 84.4, 72.5, 73.7],
  ['Moonlight-16B-A3B', MOONLIGHT, 70.0, 77.2, 78.2],
  ['DeepSeek-V2-Lite', V2, 58.3, 60.3, 64.3],
  ['DeepSeekMoE-16B', V2, 45.0, 40.6, 42.5],
  ['DeepSeek-7B', V2, 48.2, 45.0, 47.2],
];

const COLUMN = { mmlu: 2, ceval: 3, cmmlu: 4 } as const;

/** The published scores of one suite, 0..1. */
export function publishedScores(suite: keyof typeof COLUMN): readonly PublishedScore[] {
  // Division by 1000 of a whole number keeps 0.871 exact to the last digit that was published.
  return ROWS.map((row) => ({
    model: row[0],
    score: Math.round(row[COLUMN[suite]] * 10) / 1000,
    shots: 5,
    source: row[1],
  }));
}
