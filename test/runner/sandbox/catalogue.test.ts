import { expect, test } from '@jest/globals';
import { answerOf } from '../../../runner/sandbox/attacks/attack.js';
import type { SandboxLimits } from '../../../runner/sandbox/limits.js';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import { runSelftest, type SelftestRow } from '../../../runner/sandbox/selftest.js';
import { check } from './check.js';
import { describeInSandbox } from './present.js';

describeInSandbox('the catalogue of attacks', () => {
  test('is answered as required, row by row, and nothing is left behind', async () => {
    const { rows, elsewhere, reports } = await runSelftest({ rungs: ['bubblewrap'] });
    expect(wrongIn(rows)).toEqual([]);
    const fired = rows.filter(({ answers }) => Object.values(answers).some((answer) => 'got' in answer));
    const covered = new Set([...fired, ...elsewhere].map(({ row }) => row));
    // Row 37 is what only Pyodide has around it.
    expect(catalogue.filter((row) => !covered.has(row))).toEqual([37]);
    const { defences = [] } = reports.bubblewrap ?? {};
    expect(defences.filter(({ essential, live }) => essential && !live)).toEqual([]);
  }, 120_000);
});

function wrongIn(rows: readonly SelftestRow[]): unknown[] {
  return rows.filter(({ answers }) => Object.values(answers).some((answer) => 'ok' in answer && !answer.ok));
}

interface OwnAttack {
  readonly program: string;
  readonly test: string;
  readonly answers: readonly string[];
  readonly limits?: Partial<SandboxLimits>;
}

const catalogue = Array.from({ length: 39 }, (_, index) => index + 1);

const wrongSum = check('for x in range(5):', '    assert candidate(x, 1) == x + 1');
const never = ['failed(assertion)', 'failed(exception)'];
const ended = ['timeout', 'oom', 'failed(exception)', 'failed(reply_limit)', 'failed(protocol)'];

const ownAttacks: Record<string, OwnAttack> = {
  'a Fraction whose parts are chosen by what they are compared with': {
    program: `
import fractions
class Liar(fractions.Fraction):
    numerator = property(lambda self: 0)
    __eq__ = lambda self, other: True
    __hash__ = None
def f(x, y): return Liar(1, 3)`,
    test: wrongSum,
    answers: never,
  },
  'keys that hash and compare as every key': {
    program: `
class Key(str):
    __eq__ = lambda self, other: True
    __hash__ = lambda self: hash('right')
def f(x, y): return {Key('wrong'): 1}`,
    test: check("assert candidate(1, 2)['right'] == 1"),
    answers: ['failed(exception)'],
  },
  'an encoder replaced to send bytes of its own': {
    program: `
import __main__
real = __main__.encode
def forged(value, limits):
    return b't' + bytes([0, 0, 0, 2]) + b'l' + b'\\xff' * 4 + b'N' if type(value) is tuple and len(value) == 2 else real(value, limits)
__main__.encode = forged
def f(x, y): return 0`,
    test: wrongSum,
    answers: ['failed(protocol)', 'failed(reply_limit)'],
  },
  'lists nested a million deep, written past the encoder': {
    program: `
import os, struct
def f(x, y):
    body = b'V' + b't' + struct.pack('>I', 2) + (b'l' + struct.pack('>I', 1)) * 10**6 + b'NN'
    os.write(3, struct.pack('>I', len(body)) + body)`,
    test: wrongSum,
    answers: ['failed(reply_limit)', 'failed(protocol)'],
  },
  'numbers whose hashes collide in the judge': {
    program: 'def f(x, y): return {k * (2**61 - 1) for k in range(1, 300_000)}',
    test: wrongSum,
    answers: [...ended, 'failed(assertion)'],
    limits: { timeoutMs: 2000 },
  },
  'a decimal that the test blows up': {
    program: "import decimal\ndef f(x, y): return decimal.Decimal('1e999999999')",
    test: check('assert int(candidate(1, 2)) == 3'),
    answers: ended,
    limits: { timeoutMs: 2000, memoryBytes: 256 << 20 },
  },
  'limits raised again': {
    program: `
import resource
def f(x, y):
    for name in ('AS', 'CPU', 'NPROC', 'FSIZE', 'NOFILE'):
        limit = getattr(resource, 'RLIMIT_' + name)
        try: resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (ValueError, OSError): continue
        return 'raised ' + name
    return x + y`,
    test: wrongSum,
    answers: ['passed'],
  },
  'descriptors sent to the parent': {
    program: `
import array, os, socket
def f(x, y):
    channel = socket.socket(fileno=3)
    for _ in range(50):
        channel.sendmsg([b'\\0'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0, 1, 2]))])
    return x + y`,
    test: wrongSum,
    answers: ['failed(reply_limit)', 'failed(protocol)', 'failed(exception)', 'failed(crashed)'],
  },
  'a channel that is closed': {
    program: 'import os\ndef f(x, y):\n    os.close(3)\n    while True: pass',
    test: wrongSum,
    answers: ['failed(crashed)'],
  },
  'a thread that answers first': {
    program: `
import os, struct, threading, time
body = b'Vt' + struct.pack('>I', 2) + b'i' + struct.pack('>I', 1) + bytes([1]) + b'N'
def work():
    while True: os.write(3, struct.pack('>I', len(body)) + body)
def f(x, y):
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.2)
    return x + y`,
    test: check('for x in range(5):', '    assert candidate(x, 1) == x + 1'),
    answers: ['failed(protocol)', 'failed(assertion)'],
  },
  'a process that stops itself': {
    program: 'import os, signal\ndef f(x, y):\n    os.kill(os.getpid(), signal.SIGSTOP)\n    return x + y',
    test: wrongSum,
    answers: ['timeout'],
    limits: { timeoutMs: 1000 },
  },
  'an exit that the test would swallow': {
    program: 'def f(x, y):\n    raise KeyboardInterrupt',
    test: check('try:', '    candidate(1, 2)', 'except Exception:', '    pass', 'assert candidate(1, 2) == 3'),
    answers: ['failed(exception)'],
  },
  'empty files without end': {
    program: `
def f(x, y):
    try:
        for k in range(10**9): open(f'/tmp/{k}', 'w').close()
    except OSError: pass
    return 0`,
    test: wrongSum,
    answers: ['timeout', 'oom', 'failed(assertion)', 'failed(crashed)'],
    limits: { timeoutMs: 1500, memoryBytes: 128 << 20 },
  },
  'a program that replaces itself by a fresh interpreter': {
    program: `
import os, sys
def f(x, y):
    os.execv(sys.executable, [sys.executable, '-c', 'import os; os.write(3, b"\\\\0\\\\0\\\\0\\\\2Jx")'])`,
    test: wrongSum,
    answers: ['failed(protocol)'],
  },
};

describeInSandbox('attacks that are not in the catalogue', () => {
  test.each(Object.entries(ownAttacks))('fail: %s', async (_, { program, test: source, answers, limits }) => {
    const pool = await SandboxPool.open({ limits: limits ?? {}, workers: 1, repeatFailures: false });
    const verdict = await pool.run({ program, test: source, entryPoint: 'f' });
    await pool.close();
    expect({ answer: answerOf(verdict), detail: verdict.detail }).toEqual({
      answer: answers.includes(answerOf(verdict)) ? answerOf(verdict) : answers.join(' or '),
      detail: verdict.detail,
    });
  });
});
