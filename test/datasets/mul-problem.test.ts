/** The files of HumanEval-Mul: order, entry points, stop tokens, and what is refused. */
import { describe, expect, test } from '@jest/globals';
import { parseMulFile } from '../../datasets/mul-problem.js';

const row = {
  name: 'HumanEval_7_far_apart',
  language: 'cpp',
  prompt: '#include<assert.h>\nstd::vector<long> far_apart(std::vector<std::vector<long>> xs, long n) {\n',
  stop_tokens: ['\n}'],
  test: '}\nint main() {\n}\n',
};
const python = {
  task_id: 'Python/7',
  prompt: 'def helper(x):\n    return x\n\n\ndef far_apart(xs):\n    """ def no(): """\n',
  test: '\n\ndef check(far_apart):\n    assert far_apart([1]) == 0\n\ncheck(far_apart)',
};
const parse = (file: string, ...rows: readonly (object | string)[]) =>
  parseMulFile(
    Buffer.from(rows.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join('')),
    file,
  );

describe('a file of one language', () => {
  test('comes by task number, whatever its order', () => {
    const problems = parse('humaneval-cpp.jsonl', { ...row, name: 'HumanEval_10_a' }, row, {
      ...row,
      name: 'HumanEval_9_b',
    });
    expect(problems.map(({ id }) => id)).toEqual([7, 9, 10].map((task) => `humaneval-mul/cpp/${task}`));
  });

  test('has its function on the last line of the prompt, which is kept to the byte', () => {
    const [problem] = parse('humaneval-cpp.jsonl', row);
    expect(problem).toMatchObject({ entryPoint: 'far_apart', prompt: row.prompt, test: row.test, stop: ['\n}'] });
  });

  test('may call its test "tests"', () => {
    const { test: text, ...rest } = row;
    expect(parse('humaneval-cpp.jsonl', { ...rest, tests: text })[0]?.test).toBe(text);
  });

  test('of Python has the last function, a test that does not call itself, and the stop strings of its authors', () => {
    const [problem] = parse('humaneval-python.jsonl', python);
    expect(problem).toMatchObject({ id: 'humaneval-mul/python/7', entryPoint: 'far_apart', language: 'python' });
    expect(problem?.test).toMatch(/^\n\ndef check\(far_apart\):\n {4}assert far_apart\(\[1\]\) == 0\n+$/);
    expect(problem?.stop).toEqual(['\ndef', '\nclass', '\nif', '\n#', '\nprint']);
  });

  test('of TypeScript also ends at exports, imports and console.log', () => {
    const [problem] = parse('humaneval-ts.jsonl', { ...row, language: 'ts' });
    expect(problem?.stop).toEqual(['\n}', '\nexport', '\nimport', '\nconsole.log']);
  });

  const cases: [name: string, rows: readonly (object | string)[], says: RegExp][] = [
    ['half a line', ['{"name":'], /line 1 cannot be read: not JSON/],
    ['a task twice', [row, row], /line 2 cannot be read: humaneval-mul\/cpp\/7 comes twice/],
    ['another language', [{ ...row, language: 'java' }], /its language is java/],
    ['no test', [{ ...row, test: undefined }], /neither "test" nor "tests"/],
    ['no stop tokens', [{ ...row, stop_tokens: [] }], /"stop_tokens"/],
    ['a prompt that ends elsewhere', [{ ...row, prompt: 'int x;\n' }], /does not end with a function/],
    ['another kind of name', [{ ...row, name: 'mbpp_7' }], /"name": not of the form/],
  ];
  test.each(cases)('with %s is refused', (_, rows, says) => {
    expect(() => parse('humaneval-cpp.jsonl', ...rows)).toThrow(expect.objectContaining({ code: 'dataset/row' }));
    expect(() => parse('humaneval-cpp.jsonl', ...rows)).toThrow(says);
  });

  test('of a language that is none of the eight is refused', () => {
    expect(() => parse('humaneval-rs.jsonl', row)).toThrow(/no language for its file humaneval-rs\.jsonl/);
  });
});
