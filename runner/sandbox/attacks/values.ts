/** Row 38: answers that change, lie, blow up or end the test early; what the judge gets is plain data, once, within limits. */
import { type Attack, forgery } from './attack.js';

const untrue = 'failed(assertion)';
const refused = ['failed(assertion)', 'failed(exception)'];
/** For work that the judge is made to do: it ends with the deadline, or before it with a failure. */
const slow = ['timeout', 'oom', 'failed(reply_limit)', 'failed(assertion)', 'failed(exception)'];
const short = { timeoutMs: 2000 };

/** One with a test of its own, for tricks that need a certain way of testing. */
const against = (attack: Attack, ...lines: readonly string[]): Attack => ({
  ...attack,
  test: `def check(candidate):\n${lines.map((line) => `    ${line}\n`).join('')}`,
});

export const values: readonly Attack[] = [
  against(
    forgery(38, 'StopIteration that ends the loop of the test', 'def add(x):\n    raise StopIteration', refused),
    'assert all(map(candidate, [1, 2, 3]))',
  ),
  against(
    forgery(38, 'GeneratorExit that a test would not see', 'def add(x):\n    raise GeneratorExit', refused),
    'assert list(map(candidate, [1, 2])) == []',
  ),
  {
    ...forgery(
      38,
      'lists of the same list, ten times, ten levels deep',
      'def add(x, y):\n    v = [0] * 10\n    for _ in range(10): v = [v] * 10\n    return v',
      'failed(reply_limit)',
    ),
    limits: { timeoutMs: 30_000 },
  },
  forgery(
    38,
    'one large string, a thousand times',
    "def add(x, y):\n    return ['x' * 1_000_000] * 1000",
    'failed(reply_limit)',
  ),
  {
    ...forgery(
      38,
      'keys whose hashes collide in the judge',
      'import sys\ndef add(x, y):\n    return {k * sys.hash_info.modulus: 0 for k in range(1, 5) for k in range(k * 9999, k * 9999 + 9999)}',
      slow,
    ),
    limits: short,
  },
  forgery(
    38,
    'the same NaN as several keys, and as its own equal',
    "def add(x, y):\n    nan = float('nan')\n    return {nan: x + y, float('nan'): [nan]}",
    refused,
  ),
  {
    ...against(
      forgery(
        38,
        'a decimal and a fraction that grow when they are used',
        "from decimal import Decimal\nfrom fractions import Fraction\ndef add(x, y):\n    return [Decimal('1e999999999'), Fraction(3 ** 1_000_000, 2 ** 1_000_000)]",
        slow,
      ),
      'large, parts = candidate(1, 2)',
      'assert parts + int(large) == 3',
    ),
    limits: { ...short, memoryBytes: 256 * 1024 ** 2 },
  },
  against(
    forgery(38, 'a signalling NaN', "from decimal import Decimal\ndef add(x, y):\n    return Decimal('sNaN')", refused),
    'assert candidate(1, 2) == 3',
  ),
  against(
    forgery(
      38,
      'a generator and an iterator that answer anew each time',
      'class Each:\n    def __iter__(self): return self\n    def __next__(self): return 3\n    __eq__ = lambda self, other: True\ndef add(x, y):\n    return Each() if x else (n for n in range(9))',
      untrue,
    ),
    'assert candidate(0, 0) != 1',
    'assert candidate(1, 2) == 3',
  ),
  {
    ...forgery(
      38,
      'an answer that a thread changes afterwards',
      'import threading, time\nkept = [0]\ndef later():\n    while True: kept[0] = kept[0] + 1\nthreading.Thread(target=later, daemon=True).start()\ndef add(x, y):\n    kept[0] = 0\n    return kept',
      refused,
    ),
    notOn: { pyodide: 'Python in WebAssembly has no threads' },
  },
  forgery(
    38,
    'a class that becomes another while it is flattened',
    'class B(int): pass\nclass A(int):\n    def __getattribute__(self, name):\n        self.__class__ = B\n        return int.__getattribute__(self, name)\n    __eq__ = lambda self, other: True\ndef add(x, y):\n    return A(0)',
    untrue,
  ),
  against(
    forgery(
      38,
      'a metaclass that lies about names and bases',
      'class Lie(type):\n    __name__ = property(lambda cls: 1 / 0)\n    __mro__ = property(lambda cls: (int, object))\n    __instancecheck__ = lambda cls, thing: True\nclass A(metaclass=Lie):\n    __eq__ = lambda self, other: True\ndef add(x, y):\n    return A()',
      refused,
    ),
    'assert candidate(1, 2) == 3',
  ),
  forgery(
    38,
    'an exception whose class cannot be named',
    'class Lie(type):\n    __name__ = property(lambda cls: 1 / 0)\nclass E(Exception, metaclass=Lie): pass\ndef add(x, y):\n    raise E()',
    ['failed(exception)', 'failed(crashed)'],
  ),
  {
    ...forgery(
      38,
      'an exception whose text never comes',
      'class E(Exception):\n    def __str__(self):\n        while True: pass\ndef add(x, y):\n    raise E()',
      'timeout',
    ),
    limits: short,
  },
  against(
    forgery(
      38,
      'surrogates and bytes as keys, booleans beside integers',
      "def add(x, y):\n    return {'\\ud800': 0, b'\\xff': 0, True: 1, '1': 1}",
      refused,
    ),
    'assert candidate(1, 2)[2] == 3',
  ),
  {
    ...against(
      forgery(38, 'answers that fill the memory of the judge', 'def add(x, y):\n    return bytes(15 << 20)', [
        'oom',
        'failed(exception)',
        'failed(assertion)',
        'timeout',
      ]),
      'kept = [candidate(n, 0) for n in range(100)]',
      'assert kept == list(range(100))',
    ),
    limits: { memoryBytes: 256 * 1024 ** 2 },
  },
  forgery(
    38,
    'no stack left to answer with',
    'import sys\ndef add(x, y):\n    sys.setrecursionlimit(len(__import__("inspect").stack()) + 8)\n    return [[[[[[[[[[[[x + y]]]]]]]]]]]]',
    [...refused, 'failed(crashed)'],
  ),
];
