/** The gate: is a run good enough to go on with, given a baseline and a policy? */
import { armState } from '../compare/arm-state.js';
import type { Allowance } from '../compare/comparable.js';
import { armOf, compareRuns } from '../compare/compare-runs.js';
import type { Comparison, SuiteComparison } from '../compare/comparison.js';
import { loadStoredRun, type StoredRun } from '../compare/stored-run.js';
import { runFiles } from '../run-folder.js';
import { isRegularFile } from '../stored-lines.js';
import type { GatedSuite, GateResult, SuiteEffect, SuiteOutcome } from './gate-result.js';
import { type GatePolicy, ruleOf, type SuiteRule } from './policy.js';
import { summarize } from './summary.js';

export interface GateOptions {
  readonly policy?: GatePolicy;
  readonly allow?: readonly Allowance[];
  /** Folder of a second run of the baseline, for the A/A control. */
  readonly aa?: string;
}

/**
 * Compares the run in folder `candidate` with the one in `baseline` and decides. The worst suite of those that may decide does: a
 * regression of a critical or supporting suite fails (1); else a critical suite that is undecided, a required one that is missing, or an
 * unfinished run on either side leaves the gate unable to tell (2); else it passes (0). Regressions hold after Holm's correction over the
 * critical and supporting suites: by chance alone at most one gate in forty fails. Without a policy every suite is critical.
 *
 * Throws what compareRuns throws; `run/not-found` for a missing baseline unless the policy says otherwise.
 */
export async function gateRun(candidate: string, baseline: string, options: GateOptions = {}): Promise<GateResult> {
  const { policy = {}, allow = [], aa } = options;
  const run = await loadStoredRun(candidate);
  const comparison = await compareWith(baseline, candidate, { policy, allow, aa, suites: [...run.samples.keys()] });
  const names = new Set([
    ...run.record.suites.map(({ suite }) => suite),
    ...(comparison?.only_in.baseline ?? []),
    ...Object.keys(policy.suites ?? {}),
  ]);
  const suites = [...names].flatMap((suite): [string, GatedSuite][] => {
    const gated = gateSuite({ suite, run, rule: ruleOf(policy, suite), comparison, policy });
    return gated === undefined ? [] : [[suite, gated]];
  });
  const effects = suites.map(([, { effect }]) => effect);
  // An engine that does not repeat itself makes every flip worthless, and a pass with them.
  const isOpen = effects.includes('cannot-tell') || !effects.includes('pass') || comparison?.aa?.finding === 'defect';
  const verdict = effects.includes('fail') ? 'regression' : isOpen ? 'undecided' : 'pass';
  const exitCodes = { pass: 0, regression: 1, undecided: 2 } as const;
  const decided = {
    schema: 1,
    verdict,
    exit_code: exitCodes[verdict],
    candidate: armOf(run),
    baseline: comparison?.baseline ?? null,
    suites: Object.fromEntries(suites),
    comparison,
    warnings: comparison?.warnings ?? [`There is no run at ${baseline} yet, so that nothing was compared.`],
  } as const;
  return { ...decided, summary: summarize(decided) };
}

interface Comparing {
  readonly policy: GatePolicy;
  readonly allow: readonly Allowance[];
  readonly aa: string | undefined;
  readonly suites: readonly string[];
}

/** Null where there is no baseline and the policy accepts that. */
async function compareWith(
  baseline: string,
  candidate: string,
  { policy, allow, aa, suites }: Comparing,
): Promise<Comparison | null> {
  const isAccepted = (policy.missing_baseline ?? 'error') !== 'error';
  if (isAccepted && !(await isRegularFile(runFiles(baseline).record))) return null;
  return compareRuns(baseline, candidate, {
    margins: Object.fromEntries(suites.map((suite) => [suite, ruleOf(policy, suite).maxDrop])),
    advisory: suites.filter((suite) => ruleOf(policy, suite).tier === 'advisory'),
    allow,
    ...(aa !== undefined && { aa }),
  });
}

interface SuiteInGate {
  readonly suite: string;
  readonly run: StoredRun;
  readonly rule: SuiteRule;
  readonly comparison: Comparison | null;
  readonly policy: GatePolicy;
}

/** Undefined for a suite that is not there and need not be. */
function gateSuite({ suite, run, rule, comparison, policy }: SuiteInGate): GatedSuite | undefined {
  const record = run.record.suites.find((found) => found.suite === suite);
  const samples = run.samples.get(suite);
  const rules = { tier: rule.tier, max_drop: rule.maxDrop, min_accuracy: rule.minAccuracy };
  if (record === undefined || samples === undefined) {
    if (!rule.required) return undefined;
    const explanation = 'The run does not have this suite, so that nothing can be said about it.';
    return { ...rules, accuracy: null, outcome: 'missing', effect: 'cannot-tell', explanation, comparison: null };
  }
  const state = armState(record, samples);
  const compared = suiteOf(comparison, suite);
  const finish = (outcome: SuiteOutcome, effect: SuiteEffect, explanation: string): GatedSuite => ({
    ...rules,
    accuracy: state.accuracy,
    outcome,
    effect: rule.tier === 'advisory' && effect === 'fail' ? 'warn' : effect,
    explanation,
    comparison: compared,
  });
  if (state.missing > 0) {
    const count = `${state.missing} of the run's samples have no result`;
    return finish('undecided', 'cannot-tell', `${count}: finish it with "evalrun --resume ${run.folder}".`);
  }
  const least = rule.minAccuracy;
  const isBroken = state.engineErrors > 0 || state.invalid !== undefined;
  if (least !== null && state.accuracy < least && !isBroken) {
    const found = `${percent(state.accuracy)} right is less than the ${percent(least)} that the policy asks for.`;
    return finish('below-minimum', 'fail', found);
  }
  if (compared !== null) return finish(compared.verdict, effectOf(compared, rule), compared.explanation);
  if (isBroken) {
    const why = state.invalid ?? `${state.engineErrors} samples failed in the engine or the sandbox`;
    return finish('undecided', rule.tier === 'advisory' ? 'warn' : 'cannot-tell', `${why}.`);
  }
  if (comparison !== null) {
    const decides = rule.required && policy.suites !== undefined && Object.hasOwn(policy.suites, suite);
    const explanation = 'The baseline does not have this suite, so that there is nothing to compare with.';
    return finish('missing', decides ? 'cannot-tell' : 'warn', explanation);
  }
  return finish(
    'no-baseline',
    policy.missing_baseline === 'pass' ? 'pass' : 'cannot-tell',
    'There is no baseline yet, so that a drop cannot be seen.',
  );
}

function suiteOf(comparison: Comparison | null, suite: string): SuiteComparison | null {
  return comparison !== null && Object.hasOwn(comparison.suites, suite) ? (comparison.suites[suite] ?? null) : null;
}

function effectOf({ verdict, reason }: SuiteComparison, { tier }: SuiteRule): SuiteEffect {
  if (verdict === 'pass') return 'pass';
  // An unfinished run can be finished: nothing is gained by going on without its end.
  if (reason === 'incomplete') return 'cannot-tell';
  if (tier === 'advisory') return 'warn';
  if (verdict === 'regression') return 'fail';
  const isBroken = reason === 'engine-errors' || reason === 'invalid';
  return tier === 'critical' || isBroken ? 'cannot-tell' : 'warn';
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
