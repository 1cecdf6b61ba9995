import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerOf } from '../../../runner/sandbox/attacks/attack.js';
import { runPythonTask, SandboxPool } from '../../../runner/sandbox/pool.js';
import { check } from './check.js';
import { describeInSandbox, usedRung } from './present.js';

describeInSandbox('the split judge', () => {
  let pool: SandboxPool;
  beforeAll(async () => {
    pool = await SandboxPool.open({ workers: 2, repeatFailures: false });
  });
  afterAll(() => pool.close());

  const add = 'def f(x, y):\n    return x + y\n';
  const answers: [name: string, program: string, test: string, answer: string][] = [
    ['a right program', add, check('assert candidate(1, 2) == 3'), 'passed'],
    ['keyword arguments', add, check('assert candidate(y=1, x=2) == 3'), 'passed'],
    ['a wrong program', 'def f(x, y):\n    return 0\n', check('assert candidate(1, 2) == 3'), 'failed(assertion)'],
    ['one that returns None', 'def f(x, y):\n    pass\n', check('assert candidate(1, 2) == 3'), 'failed(assertion)'],
    ['one that raises', 'def f(x):\n    return x[9]\n', check('assert candidate([]) == 3'), 'failed(exception)'],
    ['one that raises an AssertionError', 'def f():\n    assert 0\n', check('assert candidate()'), 'failed(exception)'],
    ['one that raises while loading', 'import nothing_of_this_name\n', check('candidate()'), 'failed(exception)'],
    ['one with a syntax error', 'def f(:\n', check('candidate()'), 'failed(syntax)'],
    [
      'one with another name',
      'def g():\n    return 1\n',
      check('assert candidate() == 1'),
      'failed(missing_entry_point)',
    ],
    ['a name that is no function', 'f = 3\n', check('assert candidate() == 3'), 'failed(missing_entry_point)'],
    ['an empty program', ' \n\t\n', check('candidate()'), 'failed(no_code)'],
    [
      'an answer that is compared with an exception',
      'def f():\n    return print\n',
      check('assert candidate() == 1'),
      'failed(assertion)',
    ],
    ['a function as truth', 'def f():\n    return print\n', check('assert candidate()'), 'failed(exception)'],
    ['CRLF and tabs', 'def f(x):\r\n\treturn x\r\n', check('assert candidate(1) == 1'), 'passed'],
    ['text that is not ASCII', "def f(x):\n    return x + 'ß😀'\n", check("assert candidate('é') == 'éß😀'"), 'passed'],
    ['a test that does not load', add, 'def check(:\n', 'sandbox_error'],
    ['a test without check', add, 'x = 1\n', 'sandbox_error'],
  ];
  test.each(answers)('answers %s', async (_, program, source, answer) => {
    const verdict = await pool.run({ program, test: source, entryPoint: 'f' });
    expect([answerOf(verdict), verdict.detail]).toEqual([
      answer,
      answer === 'passed' ? '' : expect.stringMatching(/./),
    ]);
  });

  const echo = 'def f(x):\n    return x\n';
  const values: string[] = [
    'None',
    'True',
    '-1',
    '0',
    '255',
    '-256',
    '10 ** 400',
    '0.1',
    "float('inf')",
    '3 - 4j',
    "''",
    "'\\ud800'",
    "'\\x00'",
    "b'\\xff'",
    "bytearray(b'x')",
    '[1, [2, []]]',
    '(1,)',
    '()',
    '{1, 2}',
    'frozenset({3})',
    "{'a': 1, (1, 2): None}",
    'range(1, 10, 3)',
    "__import__('fractions').Fraction(1, 3)",
    "__import__('decimal').Decimal('1.50')",
  ];
  test('brings plain values back with their type, and nothing else', async () => {
    const lines = values.flatMap((value) => [
      `assert candidate(${value}) == ${value}`,
      `assert type(candidate(${value})) is type(${value})`,
    ]);
    const exact = [
      "assert str(candidate(-0.0)) == '-0.0'",
      "assert candidate(float('nan')) != candidate(float('nan'))",
      'assert candidate(True) is True',
    ];
    const verdict = await pool.run({ program: echo, test: check(...lines, ...exact), entryPoint: 'f' });
    expect([verdict.status, verdict.detail]).toEqual(['passed', '']);
  });

  test('flattens subclasses to what they extend', async () => {
    const program = `
import collections, enum
class Text(str): pass
P = collections.namedtuple('P', 'x y')
class E(enum.IntEnum): A = 7
def f():
    return [Text('a'), P(1, 2), collections.Counter('aab'), collections.OrderedDict(a=1), E.A]`;
    const source = check(
      "assert candidate() == ['a', (1, 2), {'a': 2, 'b': 1}, {'a': 1}, 7]",
      'assert [type(v) for v in candidate()] == [str, tuple, dict, dict, int]',
    );
    expect((await pool.run({ program, test: source, entryPoint: 'f' })).status).toBe('passed');
  });

  test('shows the test what the program did to its arguments, under every name they have', async () => {
    const program = 'def f(rows, names):\n    rows[0].append(9)\n    names["k"] = 1\n    rows.append([])\n';
    const source = check(
      'inner = [1]',
      'rows = [inner]',
      'names = {}',
      'candidate(rows, names)',
      'assert rows == [[1, 9], []], rows',
      'assert names == {"k": 1}',
    );
    expect(await pool.run({ program, test: source, entryPoint: 'f' })).toMatchObject({ status: 'passed' });
  });

  test('raises in the test what the program raised, as the nearest builtin exception', async () => {
    const program = 'class Mine(KeyError): pass\ndef f(x):\n    if x: raise Mine("no")\n    raise SystemExit(0)\n';
    const source = check(
      'try:',
      '    candidate(1)',
      'except KeyError:',
      '    pass',
      'else:',
      '    assert False',
      'try:',
      '    candidate(0)',
      'except Exception:',
      '    return',
      'assert False',
    );
    expect((await pool.run({ program, test: source, entryPoint: 'f' })).status).toBe('passed');
  });

  test('lets the test use helpers of the prompt and the entry point by name, which is the program even there', async () => {
    const prelude = 'def double(x):\n    return 2 * x\n\ndef f(x):\n    """ Doc. """\n';
    const source = 'def check(candidate):\n    assert candidate(3) == double(3)\n    assert f(4) == double(4)\n';
    const right = { program: 'def f(x):\n    return x + x\n', test: source, entryPoint: 'f', prelude };
    expect(await pool.run(right)).toMatchObject({ status: 'passed', calls: 2 });
    const redefined = { ...right, program: 'def double(x):\n    return None\ndef f(x):\n    return double(x)\n' };
    expect(answerOf(await pool.run(redefined))).toBe('failed(assertion)');
  });

  test('wants as many questions as the reference was asked', async () => {
    const task = { program: echo, test: check('for x in (1, 2, 3):', '    assert candidate(x) == x'), entryPoint: 'f' };
    expect(await pool.run({ ...task, minCalls: 3 })).toMatchObject({ status: 'passed', calls: 3 });
    expect(answerOf(await pool.run({ ...task, minCalls: 4 }))).toBe('failed(too_few_calls)');
  });

  test('measures from outside and keeps what was printed, harmless', async () => {
    const program =
      "print('\\x1b[2Jhi')\ndef f(n):\n    held = bytearray(b'x') * (60 << 20)\n    while n: n -= 1\n    return len(held)\n";
    const verdict = await pool.run({
      program,
      test: check('assert candidate(3_000_000) == 60 << 20'),
      entryPoint: 'f',
    });
    expect(verdict).toMatchObject({ status: 'passed', output: '\\u001b[2Jhi\n', rung: usedRung });
    expect(verdict.usage.maxRssBytes).toBeGreaterThan(60 << 20);
    expect(verdict.usage.cpuMs).toBeGreaterThan(30);
    expect(verdict.usage.wallMs).toBeGreaterThan(30);
    expect(verdict.usage.outputBytes).toBe(7);
  });

  test('says timeout for a program that does not end, within its deadline', async () => {
    const task = { program: 'def f():\n    while True: pass\n', test: check('candidate()'), entryPoint: 'f' };
    const verdict = await runPythonTask({ ...task, timeoutMs: 700 });
    expect(verdict.status).toBe('timeout');
    expect(verdict.usage.wallMs).toBeLessThan(5000);
  });

  test('stops when asked', async () => {
    const abort = new AbortController();
    const task = { program: 'def f():\n    while True: pass\n', test: check('candidate()'), entryPoint: 'f' };
    const running = pool.run({ ...task, signal: abort.signal });
    setTimeout(() => abort.abort(), 200);
    await expect(running).rejects.toMatchObject({ code: 'run/interrupted' });
  });

  test('marks a program that fails once and passes once as flaky, and counts the first', async () => {
    const twice = await SandboxPool.open({ workers: 1 });
    const program = 'import os\ndef f():\n    return os.urandom(1)[0] < 128\n';
    const verdicts = [];
    // One attempt in four is flaky: four attempts on average, and 120 without one happen once in 10^15.
    for (let attempt = 0; attempt < 120; attempt++) {
      verdicts.push(await twice.run({ program, test: check('assert candidate() is True'), entryPoint: 'f' }));
      if (verdicts.at(-1)?.flaky) break;
    }
    await twice.close();
    expect(verdicts.at(-1)).toMatchObject({ status: 'failed', kind: 'assertion', flaky: true });
  });
});
