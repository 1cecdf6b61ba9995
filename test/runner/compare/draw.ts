/** Seeded random numbers and simulated pairs, for tests against a known truth. */
import type { SubjectPairs } from '../../../runner/compare/paired-difference.js';

export type Draw = () => number;

// Jest looks up a global in its sandbox each time, which would take most of a simulation.
const { cos, imul, log, PI, sqrt } = Math;

/** Uniform on 0..1, the same sequence for the same seed (mulberry32). */
export function uniform(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal (Box and Muller). */
export function normal(draw: Draw): number {
  return sqrt(-2 * log(1 - draw())) * cos(2 * PI * draw());
}

export interface Rates {
  readonly n: number;
  /** Chances that a question gets worse, and better. */
  readonly worse: number;
  readonly better: number;
}

/** Questions of one sample each. */
export function drawPairs(draw: Draw, { n, worse, better }: Rates): SubjectPairs {
  let [lost, gained] = [0, 0];
  for (let at = 0; at < n; at++) {
    const u = draw();
    if (u < worse) lost += 1;
    else if (u < worse + better) gained += 1;
  }
  return { n, worse: lost, better: gained, squares: lost + gained };
}

/** Share of `times` draws for which `holds`. */
export function shareOf(times: number, holds: () => boolean): number {
  let count = 0;
  for (let at = 0; at < times; at++) if (holds()) count += 1;
  return count / times;
}
