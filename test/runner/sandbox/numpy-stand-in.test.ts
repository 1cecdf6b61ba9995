/** The judge's stand-in for NumPy, against values that NumPy 2 gives, and against NumPy itself where it is installed. */
import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { findInterpreter } from '../../../runner/sandbox/interpreter.js';
import { pythonFile } from '../../../runner/sandbox/python-source.js';

/** Expressions and what NumPy answers: a value, or the builtin class of an exception. */
const cases: readonly (readonly [expression: string, answer: string])[] = [
  ['np.allclose(1.0, 1.0 + 9e-8, rtol=1e-07, atol=0)', 'True'],
  ['np.allclose(1.0, 1.0 + 2e-7, rtol=1e-07, atol=0)', 'False'],
  ['np.allclose([1.0, 2.0], [1.0, 2.0 + 5e-7], rtol=1e-07, atol=1e-06)', 'True'],
  ['np.allclose([1.0, 2.0], [1.0, 2.1], rtol=1e-07, atol=1e-06)', 'False'],
  ['np.allclose([], [])', 'True'],
  ['np.allclose([], 1.0)', 'True'],
  ['np.allclose([[1, 2], [3, 4]], [[1, 2], [3, 4]])', 'True'],
  ['np.allclose([1.0, 1.0], 1.0)', 'True'],
  ['np.allclose([[1, 2], [1, 2]], [1, 2])', 'True'],
  ['np.allclose([[1], [2]], [[1, 1], [2, 2]])', 'True'],
  ['np.allclose([1, 2], [1, 2, 3])', 'ValueError'],
  ['np.allclose([[1], [1, 2]], [1])', 'ValueError'],
  ['np.allclose("a", 1.0)', 'TypeError'],
  ['np.allclose(["a"], [1.0])', 'TypeError'],
  ['np.allclose(None, 1.0)', 'TypeError'],
  ['np.allclose(float("nan"), float("nan"))', 'False'],
  ['np.allclose(float("inf"), float("inf"))', 'True'],
  ['np.allclose(float("inf"), -float("inf"))', 'False'],
  ['np.allclose(1e308, float("inf"))', 'False'],
  ['np.allclose(True, 1)', 'True'],
  ['np.allclose(3 + 4j, 3 + 4j)', 'True'],
  ['np.testing.assert_allclose(1.0, 1.0 + 9e-8)', 'None'],
  ['np.testing.assert_allclose([1.0], [1.1], atol=0.01)', 'AssertionError'],
  ['np.testing.assert_allclose([1.0], [1.005], atol=0.01)', 'None'],
  ['np.testing.assert_allclose([1.0, 2.0], [1.0], atol=1)', 'AssertionError'],
  ['np.testing.assert_allclose([1.0, 1.0], 1.0)', 'None'],
  ['np.testing.assert_allclose(float("nan"), float("nan"))', 'None'],
  ['isinstance([1.0], np.ndarray)', 'False'],
];

const program = (prelude: string) => `${prelude}
import json, numpy as np
def answer(text):
    try:
        value = eval(text, {"np": np})
        return str(bool(value)) if value is not None else "None"
    except Exception as error:
        return next(base.__name__ for base in type(error).__mro__ if base.__module__ == "builtins")
print(json.dumps([answer(text) for text in json.loads(${JSON.stringify(JSON.stringify(cases.map(([text]) => text)))})]))
`;
/** -S keeps installed packages out, so that the stand-in stands in. */
const answersOf = (python: string, args: readonly string[], prelude: string): string[] =>
  JSON.parse(execFileSync(python, [...args, '-c', program(prelude)], { encoding: 'utf8' }));

const { found } = await findInterpreter();
const testPython = found === undefined ? test.skip : test;

testPython('answers as NumPy does', () => {
  const answers = answersOf(found?.executable ?? '', ['-s', '-S'], pythonFile('numpy_stand_in.py'));
  expect(cases.map(([text], at) => [text, answers[at]])).toEqual(cases);
});

const numpy = [process.env.EVALRUN_NUMPY_PYTHON, 'python3'].find((python) => {
  try {
    return python !== undefined && execFileSync(python, ['-c', 'import numpy'], { stdio: 'ignore' }) !== undefined;
  } catch {
    return false;
  }
});
const testNumpy = numpy === undefined ? test.skip : test;

testNumpy('the table is what NumPy itself answers (skipped where no python3 has it)', () => {
  const answers = answersOf(numpy ?? '', [], '');
  expect(cases.map(([text], at) => [text, answers[at]])).toEqual(cases);
});
