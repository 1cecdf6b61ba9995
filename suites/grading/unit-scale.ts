/** How much of one unit makes another of the same kind: 100 cm = 1 m, 60 minutes = 1 hour, 36 km/hour = 10 m/second. */
import { divide, integer, multiply, ONE, power, type Rational } from './rational.js';
import type { WorkBudget } from './refusal.js';

/** Canonical name -> what it measures, and the whole numbers whose quotient is its size in the smallest unit here. */
const sizes: ReadonlyMap<string, readonly [kind: string, n: number, d: number]> = new Map([
  ['dollar', ['dollar', 100, 1]],
  ['cent', ['dollar', 1, 1]],
  ['yuan', ['yuan', 100, 1]],
  ['jiao', ['yuan', 10, 1]],
  ['fen', ['yuan', 1, 1]],
  ['mm', ['length', 1, 1]],
  ['cm', ['length', 10, 1]],
  ['dm', ['length', 100, 1]],
  ['m', ['length', 1000, 1]],
  ['km', ['length', 1_000_000, 1]],
  // The inch is 25.4 mm by definition (1959).
  ['inch', ['length', 254, 10]],
  ['foot', ['length', 3048, 10]],
  ['yard', ['length', 9144, 10]],
  ['mile', ['length', 16_093_440, 10]],
  ['mg', ['mass', 1, 1]],
  ['g', ['mass', 1000, 1]],
  ['kg', ['mass', 1_000_000, 1]],
  ['ounce', ['pound', 1, 1]],
  ['pound', ['pound', 16, 1]],
  ['second', ['time', 1, 1]],
  ['minute', ['time', 60, 1]],
  ['hour', ['time', 3600, 1]],
  ['day', ['time', 86_400, 1]],
  ['week', ['time', 604_800, 1]],
  ['month', ['calendar', 1, 1]],
  ['year', ['calendar', 12, 1]],
  // A millilitre is a cubic centimetre.
  ['ml', ['length^3', 1000, 1]],
  ['l', ['length^3', 1_000_000, 1]],
  ['hectare', ['length^2', 1e10, 1]],
  ['pint', ['gallon', 1, 1]],
  ['quart', ['gallon', 2, 1]],
  ['gallon', ['gallon', 8, 1]],
]);

interface Scale {
  /** What is measured, e.g. `length/time`. */
  readonly kind: string;
  readonly size: Rational;
}

/**
 * How many of the unit `to` make one of the unit `from`; undefined for units of different kinds and ones that nothing is known
 * of. Tons differ between countries, and a pound is not converted to kilograms: keys are not exact there.
 *
 * @param from canonical, as `parseUnit` names units: `cm`, `inch^2`, `km/hour`
 * @throws Refusal
 */
export function unitRatio(from: string, to: string, budget: WorkBudget): Rational | undefined {
  const [a, b] = [scaleOf(from, budget), scaleOf(to, budget)];
  return a === undefined || b === undefined || a.kind !== b.kind ? undefined : divide(a.size, b.size, budget);
}

function scaleOf(unit: string, budget: WorkBudget): Scale | undefined {
  const [top = '', bottom, ...rest] = unit.split('/');
  if (rest.length > 0) return undefined;
  const above = single(top, budget);
  if (bottom === undefined || above === undefined) return above;
  const below = single(bottom, budget);
  return below && { kind: `${above.kind}/${below.kind}`, size: divide(above.size, below.size, budget) };
}

function single(unit: string, budget: WorkBudget): Scale | undefined {
  const [name = '', exponent = '1'] = unit.split('^');
  const known = sizes.get(name);
  if (known === undefined) return undefined;
  const [kind, n, d] = known;
  const size = multiply(integer(n), divide(ONE, integer(d), budget), budget);
  if (exponent === '1') return { kind, size };
  return { kind: `${kind}^${exponent}`, size: power(size, BigInt(exponent), budget) };
}
