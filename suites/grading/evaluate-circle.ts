/** The six circle functions and their inverses for real numbers. */
import { arctanOfBall, circleOfBall, PI_BALL } from './ball-functions.js';
import { integer } from './rational.js';
import {
  addReals,
  asBall,
  divideReals,
  isZero,
  multiplyReals,
  negateReal,
  ONE,
  type Real,
  rootOfReal,
  signOfReal,
  ZERO,
} from './real.js';
import { Refusal, type WorkBudget } from './refusal.js';
import type { FunctionName } from './syntax.js';

/** @throws Refusal `undecided` at a pole, or so close to one that it cannot be told. */
export function evaluateCircle(name: FunctionName, x: Real, budget: WorkBudget): Real {
  const { sin, cos }: { sin: Real; cos: Real } = isZero(x) ? { sin: ZERO, cos: ONE } : circleOfBall(asBall(x), budget);
  switch (name) {
    case 'sin':
      return sin;
    case 'cos':
      return cos;
    case 'tan':
      return divideReals(sin, cos, budget);
    case 'cot':
      return divideReals(cos, sin, budget);
    case 'sec':
      return divideReals(ONE, cos, budget);
    case 'csc':
      return divideReals(ONE, sin, budget);
    default:
      throw new Refusal('undecided');
  }
}

/** @throws Refusal `undecided` outside the domain. */
export function evaluateInverseCircle(name: 'arcsin' | 'arccos' | 'arctan', x: Real, budget: WorkBudget): Real {
  if (name === 'arctan') return isZero(x) ? ZERO : arctanOfBall(asBall(x), budget);
  const rest = addReals(ONE, negateReal(multiplyReals(x, x, budget)), budget);
  const quarter = divideReals(PI_BALL, integer(2), budget);
  const arcsin = (): Real => {
    if (isZero(x)) return ZERO;
    if (isZero(rest)) return signOfReal(x) < 0 ? negateReal(quarter) : quarter;
    if (signOfReal(rest) < 0) throw new Refusal('undecided');
    return arctanOfBall(asBall(divideReals(x, rootOfReal(rest, budget), budget)), budget);
  };
  return name === 'arcsin' ? arcsin() : addReals(quarter, negateReal(arcsin()), budget);
}
