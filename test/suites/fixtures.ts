/** The questions that the golden prompts are made of, and the published ones where they are at hand. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';
import { getSuite } from '../../suites/registry.js';
import type { ChoicePlan, SuiteOptions, SuitePlan } from '../../suites/suite.js';

const FIXTURES = path.join(packageRoot, 'test', 'fixtures', 'datasets');
const SUBJECT: Readonly<Record<string, string>> = { mmlu: 'abstract_algebra', ceval: 'law', cmmlu: 'astronomy' };

/** Plan of the one subject that the fixtures have for a suite. */
export async function fixturePlan(suite: string, options: Partial<SuiteOptions> = {}): Promise<ChoicePlan> {
  const subjects = [SUBJECT[suite] ?? ''];
  return onlyPlan(
    await getSuite(suite).plan({ dataDir: FIXTURES, subjects, allowModified: true, seed: 0, ...options }),
  );
}

export function onlyPlan(plans: readonly SuitePlan[]): ChoicePlan {
  const [plan] = plans;
  if (plan?.kind !== 'choice' || plans.length !== 1) throw new Error(`${plans.length} plans`);
  return plan;
}

/** The data directory of the published files; tests of it are skipped where it is absent. */
export const PUBLISHED = path.join(process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'), 'datasets');
export const testPublished: typeof test | typeof test.skip = existsSync(PUBLISHED) ? test : test.skip;
