/** Repairs the one test of HumanEval+ that no program can pass. */

/** Spreads the answer, a number, and takes the question for the point: Python raises before anything is compared. */
const BROKEN = /assert _poly\(\*candidate\(\*inp\), inp\) <= ([\d.e+-]+)/;

/**
 * A test of task 32 with the comparison that EvalPlus makes itself (`evalplus/eval/__init__.py`, `find_zero`): the polynomial at
 * the answer is near zero. Every other test comes back as it is.
 */
export function repairRootTest(test: string): string {
  return test.replace(BROKEN, 'assert abs(_poly(*inp, candidate(*inp))) <= $1');
}
