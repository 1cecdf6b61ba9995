/** The names that a formula may spell out, with or without a backslash. */
import type { FunctionName } from './syntax.js';

export const functionNames: ReadonlyMap<string, FunctionName> = new Map([
  ['sin', 'sin'],
  ['cos', 'cos'],
  ['tan', 'tan'],
  ['cot', 'cot'],
  ['sec', 'sec'],
  ['csc', 'csc'],
  ['arcsin', 'arcsin'],
  ['arccos', 'arccos'],
  ['arctan', 'arctan'],
  ['asin', 'arcsin'],
  ['acos', 'arccos'],
  ['atan', 'arctan'],
  ['tg', 'tan'],
  ['ctg', 'cot'],
  ['ln', 'ln'],
  ['log', 'log'],
  ['lg', 'log'],
  ['exp', 'exp'],
  ['abs', 'abs'],
  ['floor', 'floor'],
  ['ceil', 'ceil'],
]);

/** Functions whose argument is an angle. */
export const circleFunctions: ReadonlySet<FunctionName> = new Set(['sin', 'cos', 'tan', 'cot', 'sec', 'csc']);

export const inverseFunctions: Readonly<Partial<Record<FunctionName, FunctionName>>> = {
  sin: 'arcsin',
  cos: 'arccos',
  tan: 'arctan',
};

export const greekNames: ReadonlySet<string> = new Set(
  (
    'alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau ' +
    'upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell hbar'
  ).split(' '),
);

export const infinityNames: ReadonlySet<string> = new Set(['infinity', 'Infinity', 'inf', 'oo', 'infty']);

/** Letter runs that are mathematics, not words. */
export const reservedWords: ReadonlySet<string> = new Set([
  ...functionNames.keys(),
  ...greekNames,
  ...infinityNames,
  'pi',
  'sqrt',
  'and',
  'or',
]);
