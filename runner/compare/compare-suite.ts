/** One suite of two runs: the difference and its interval, tests, flips and the shift of the letters. */
import type { SuiteRecord } from '../run-record.js';
import { type ArmState, armState } from './arm-state.js';
import type { GroupDifference, SuiteComparison } from './comparison.js';
import { distributionShift } from './distribution-shift.js';
import { findFlips, flipBands } from './flips.js';
import { isGained, isLost, pairSamples, type SamplePair, sumQuestions } from './pair-samples.js';
import { type PairedDifference, pairedDifference } from './paired-difference.js';
import { minimumDetectable, questionsToDecide } from './power.js';
import { pBelow } from './score-interval.js';
import { signTest } from './sign-test.js';
import type { StoredSample } from './stored-run.js';
import { type Defects, decide, explain } from './verdict.js';

type Samples = ReadonlyMap<string, StoredSample>;

export interface SuiteOfTwoRuns {
  readonly record: SuiteRecord;
  readonly baseline: Samples;
  readonly candidate: Samples;
  /** The tolerated drop, 0..1. */
  readonly margin: number;
  /** Whether nothing that can change a written answer differs between the runs. */
  readonly sameArm: boolean;
}

/** Everything about a suite but its verdict, which depends on the other suites through Holm's correction. */
export interface MeasuredSuite {
  /** One-sided, of H0 "the drop is at most the margin". */
  readonly pRegression: number;
  /** `pAdjusted` is `pRegression` after the correction. */
  judge(pAdjusted: number): SuiteComparison;
}

export function measureSuite({ record, baseline, candidate, margin, sameArm }: SuiteOfTwoRuns): MeasuredSuite {
  const pairs = pairSamples(baseline, candidate);
  const { subjects, worse, better, questions } = sumQuestions(pairs);
  const samples = record.generation?.samples ?? 1;
  const difference = pairedDifference([...subjects.values()], { average: record.average, samples });
  const pRegression = pBelow(difference.effective, -margin, difference.inflation);
  const flips = findFlips(pairs);
  const [lost, gained] = [pairs.filter(isLost).length, pairs.filter(isGained).length];
  const [stateA, stateB] = [armState(record, baseline), armState(record, candidate)];
  const defects = defectsOf(stateA, stateB);
  const sign = signTest(worse, better);
  const groups = [...subjects].map(([group, subject]): [string, GroupDifference] => [
    group,
    {
      n: subject.n,
      difference: (subject.better - subject.worse) / subject.n,
      worse: subject.worse,
      better: subject.better,
    },
  ]);
  return {
    pRegression,
    judge(pAdjusted) {
      const facts = {
        difference,
        margin,
        pAdjusted,
        defects,
        identical: isIdentical(pairs, sameArm),
        questions,
        discordant: sign.discordant,
        questionsToDecide: questionsToDecide(difference, { margin, questions }),
      };
      const { verdict, reason } = decide(facts);
      return {
        difference: difference.difference,
        low: difference.low,
        high: difference.high,
        interval: intervalText(record, difference),
        flips: lost + gained,
        worse: lost,
        better: gained,
        answers_changed: flips.filter((flip) => flip.baseline.answer !== flip.candidate.answer).length,
        verdict,
        reason,
        explanation: explain(facts, reason),
        margin,
        average: record.average,
        n: pairs.length,
        questions,
        accuracy: { baseline: stateA.accuracy, candidate: stateB.accuracy },
        clusters: difference.clusters,
        effective_questions: difference.effective.n,
        p_regression: pRegression,
        p_regression_holm: pAdjusted,
        sign_test: sign,
        minimum_detectable: minimumDetectable(difference),
        questions_to_decide: reason === 'too-few-questions' ? facts.questionsToDecide : null,
        defects,
        flip_bands: flipBands(flips),
        flip_list: flips,
        shift: distributionShift(pairs),
        groups: Object.fromEntries(groups),
      };
    },
  };
}

/**
 * Whether both runs computed the same: every line is the same byte for byte. Log-probabilities of equal bits show it by themselves;
 * equal written answers only where nothing that could make others differs.
 */
function isIdentical(pairs: readonly SamplePair[], sameArm: boolean): boolean {
  if (pairs.length === 0) return false;
  return pairs.every(
    ({ baseline, candidate }) => baseline.sha256 === candidate.sha256 && (baseline.choices !== null || sameArm),
  );
}

function defectsOf(baseline: ArmState, candidate: ArmState): Defects {
  const named = (arm: string, { invalid }: ArmState) => (invalid === undefined ? [] : [`${arm}: ${invalid}`]);
  return {
    missing: baseline.missing + candidate.missing,
    engine_errors: baseline.engineErrors + candidate.engineErrors,
    invalid: [...named('the baseline', baseline), ...named('the candidate', candidate)],
  };
}

function intervalText({ average }: SuiteRecord, { clusters, effective }: PairedDifference): string {
  const weights =
    average === 'macro'
      ? 'mean over subjects, which are taken as fixed'
      : clusters > 0
        ? `clustered by ${clusters} subjects`
        : 'independent questions';
  return `Tango's score interval for paired differences, two-sided 95 %, ${weights}; worth ${Math.round(effective.n)} independent questions`;
}
