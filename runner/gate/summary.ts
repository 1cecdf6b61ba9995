/** A gate's decision in one line that a person can act on. */
import type { GatedSuite, GateResult } from './gate-result.js';

/** @example summarize(result) // 'Gate failed: mmlu dropped by 3.2 points, at least 1.4 where 1.0 are tolerated. ...' */
export function summarize({ verdict, suites, candidate, baseline, comparison }: Omit<GateResult, 'summary'>): string {
  const named = (effect: GatedSuite['effect']) => Object.entries(suites).filter(([, suite]) => suite.effect === effect);
  switch (verdict) {
    case 'pass': {
      const passed = named('pass').length;
      const kept = baseline === null ? 'run completely; there is no baseline yet' : 'within the tolerated drop';
      return `Gate passed: ${passed} ${passed === 1 ? 'suite' : 'suites'} ${kept}${warned(named('warn'))}.`;
    }
    case 'regression': {
      const failed = named('fail').map(([name, suite]) => failure(name, suite));
      const look =
        baseline === null ? '' : ` Look at: evalrun compare ${baseline.folder} ${candidate.folder} --verbose`;
      return `Gate failed: ${failed.join('; ')}.${look}`;
    }
    case 'undecided': {
      const open = named('cannot-tell');
      if (open.length === 0 && comparison?.aa?.finding === 'defect') {
        return `Gate cannot tell: ${comparison.aa.folder} repeats the baseline and differs from it, which is a defect of the engine. Report it with both folders.`;
      }
      if (open.length === 0) return 'Gate cannot tell: no suite decides. Give one the tier critical or supporting.';
      const [first] = open;
      const others = open.length > 1 ? ` (and ${open.length - 1} more)` : '';
      return `Gate cannot tell: ${first?.[0]}${others}: ${first === undefined ? '' : remedy(first[1])}`;
    }
  }
}

function failure(name: string, { outcome, comparison, accuracy, min_accuracy: least, max_drop }: GatedSuite): string {
  if (outcome === 'below-minimum')
    return `${name} has ${points(accuracy ?? 0)} % right, less than ${points(least ?? 0)} %`;
  const { difference, high } = comparison ?? { difference: 0, high: 0 };
  return `${name} dropped by ${points(-difference)} points, at least ${points(-high)} where ${points(max_drop)} are tolerated`;
}

function remedy({ comparison, explanation, max_drop }: GatedSuite): string {
  const enough = comparison?.questions_to_decide ?? null;
  if (comparison === null || enough === null) return explanation;
  return (
    `about ${enough.toLocaleString('en-US')} questions would decide a drop of ${points(max_drop)} points, and it has ` +
    `${comparison.questions.toLocaleString('en-US')}. Run more of them (raise --limit), or tolerate a larger drop.`
  );
}

function warned(suites: readonly [string, GatedSuite][]): string {
  return suites.length === 0
    ? ''
    : `; not decided by: ${suites.map(([name, { outcome }]) => `${name} (${outcome})`).join(', ')}`;
}

function points(ratio: number): string {
  return (ratio * 100).toFixed(1);
}
