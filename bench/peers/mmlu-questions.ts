/** The questions of a run of MMLU as peers get them: evalrun's own prompts, as text. */
import { writeFileSync } from 'node:fs';
import { loadTokenizer } from '../../engine/tokenizer/load-tokenizer.js';
import { getSuite } from '../../suites/registry.js';
import type { ChoiceSample } from '../../suites/suite.js';
import { letterTokens } from '../../suites/token-boundary.js';

export interface Question {
  readonly id: string;
  readonly prompt: string;
  /** Label -> the token whose logit is read after the prompt. */
  readonly letters: Readonly<Record<string, number>>;
}

/** Questions in the order of the run that `evalrun --suite mmlu --limit` makes. */
export async function mmluQuestions(model: string, dataDir: string, limit: number): Promise<Question[]> {
  const plans = await getSuite('mmlu').plan({ seed: 0, dataDir, limit, allowModified: false });
  const samples = plans.flatMap((plan): readonly ChoiceSample[] => (plan.kind === 'choice' ? plan.samples : []));
  const letters = letterTokens({ samples }, await loadTokenizer(model));
  return samples.map(({ id, context }) => ({ id, prompt: context, letters }));
}

/** `count` of them spread evenly, so that all subjects and lengths have their share. */
export function spreadOut<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, i) => items[Math.floor(i * step)] as T);
}

export function writeQuestions(file: string, questions: readonly Question[]): void {
  writeFileSync(file, `${questions.map((question) => JSON.stringify(question)).join('\n')}\n`);
}
