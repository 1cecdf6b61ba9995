/** The A/A control: the same arm twice shows what changes when nothing does. */
import { EvalrunError } from '../../errors.js';
import { differencesOf, renderDifferences } from '../fingerprint.js';
import type { RepeatControl } from './comparison.js';
import { distributionShift } from './distribution-shift.js';
import { findFlips } from './flips.js';
import { isGained, isLost, pairSamples } from './pair-samples.js';
import type { StoredRun } from './stored-run.js';

/**
 * Compares the baseline with its repeat. Equal settings on this engine are equal bytes, in any order and batch, so that any difference is
 * a defect; answers drawn with another seed, or by a server, are noise. Throws `run/not-comparable` for a repeat of something else.
 */
export function repeatControl(baseline: StoredRun, repeat: StoredRun): RepeatControl {
  const differences = differencesOf(baseline.record, repeat.record);
  const isDrawn = baseline.record.suites.some(({ generation }) => (generation?.temperature ?? 0) > 0);
  const others = differences.filter(({ name }) => !(isDrawn && name === 'seed'));
  if (others.length > 0) {
    throw new EvalrunError('run/not-comparable', {
      what: `${repeat.folder} is no repeat of the baseline ${baseline.folder}`,
      expected: 'the same arm: only threads, batch size and, where answers are drawn, the seed may differ',
      found: renderDifferences(others),
      todo: 'run the baseline once more with its own settings',
    });
  }
  const pairs = [...baseline.samples].flatMap(([suite, samples]) =>
    pairSamples(samples, repeat.samples.get(suite) ?? new Map()),
  );
  const planned = baseline.record.suites
    .flatMap(({ groups }) => Object.values(groups))
    .reduce((sum, count) => sum + count, 0);
  const differentLines = pairs.filter(({ baseline: a, candidate: b }) => a.sha256 !== b.sha256).length;
  const isNoisy = differences.length > 0 || baseline.record.engine.kind === 'remote';
  const finding = differentLines > 0 ? (isNoisy ? 'noise' : 'defect') : pairs.length < planned ? 'incomplete' : 'clean';
  return {
    folder: repeat.folder,
    run: repeat.record.id,
    samples: pairs.length,
    flips: pairs.filter((pair) => isLost(pair) || isGained(pair)).length,
    answers_changed: findFlips(pairs).filter((flip) => flip.baseline.answer !== flip.candidate.answer).length,
    different_lines: differentLines,
    largest_shift: distributionShift(pairs)?.largest ?? null,
    finding,
  };
}
