/** Rows 8 to 11, 13 to 17, 29 and 34: programs that do not end, want too much, or answer with what no test can read. */
import { type Attack, breakout, forgery } from './attack.js';

const mib = 1024 ** 2;
const short = { timeoutMs: 1500 };
const small = { memoryBytes: 256 * mib };
const endless = (row: number, name: string, program: string): Attack => ({
  ...forgery(row, name, program, 'timeout'),
  limits: short,
});
const greedy = (row: number, name: string, program: string, expected: readonly string[]): Attack => ({
  ...forgery(row, name, program, expected),
  limits: { ...small, timeoutMs: 15_000 },
});
const refused = ['failed(exception)', 'failed(assertion)', 'failed(crashed)', 'oom'];
const tooMuch = ['failed(reply_limit)', 'oom'];

export const overloads: readonly Attack[] = [
  endless(
    8,
    'swallows every exception, clears alarms',
    'import signal\ndef add(x, y):\n    calls = [lambda: signal.alarm(0), lambda: signal.setitimer(signal.ITIMER_REAL, 0)]\n    calls.append(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64)))\n    for call in calls:\n        try: call()\n        except AttributeError: pass\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass',
  ),
  endless(9, 'endless loop in C: sum(count())', 'import itertools\ndef add(x, y):\n    return sum(itertools.count())'),
  endless(
    9,
    'regular expression that backtracks',
    "import re\ndef add(x, y):\n    return re.match('(a+)+$', 'a' * 60 + 'b')",
  ),
  endless(9, 'a huge power', 'def add(x, y):\n    return 3 ** 10 ** 9'),
  endless(10, 'sleeps', 'import time\ndef add(x, y):\n    time.sleep(3600)'),
  endless(10, 'sleeps while loading', 'import time\ntime.sleep(3600)\ndef add(x, y):\n    return x + y'),
  forgery(11, 'endless output', "def add(x, y):\n    while True: print('x' * 10000)", 'failed(output_limit)'),
  forgery(
    11,
    'endless errors',
    "import sys\ndef add(x, y):\n    while True: sys.stderr.write('x' * 10000)",
    'failed(output_limit)',
  ),
  forgery(
    13,
    'a list 100,000 deep',
    'def add(x, y):\n    v = []\n    for _ in range(100000): v = [v]\n    return v',
    tooMuch,
  ),
  forgery(13, 'a cyclic list', 'def add(x, y):\n    v = []\n    v.append(v)\n    return v', tooMuch),
  forgery(13, 'a 50 MB string', "def add(x, y):\n    return 'x' * 50_000_000", tooMuch),
  forgery(13, 'two million parts', 'def add(x, y):\n    return [None] * 2_000_000', tooMuch),
  forgery(13, 'an integer of 40 million digits', 'def add(x, y):\n    return 1 << 140_000_000', tooMuch),
  forgery(
    13,
    'a pickle that runs code',
    "import os\nclass A:\n    def __reduce__(self): return (os.system, ('true',))\ndef add(x, y):\n    return A()",
    ['failed(assertion)', 'failed(exception)'],
  ),
  forgery(
    13,
    '__repr__ and __str__ bombs',
    'class E(Exception):\n    def __str__(self): raise E()\n    __repr__ = __str__\ndef add(x, y):\n    raise E()',
    'failed(exception)',
  ),
  forgery(13, 'NaN', "def add(x, y):\n    return float('nan')", 'failed(assertion)'),
  forgery(13, 'lone surrogates and NUL', "def add(x, y):\n    return '\\ud800\\x00'", 'failed(assertion)'),
  greedy(14, 'one process fills memory', 'def add(x, y):\n    v = []\n    while True: v.append(bytearray(10**7))', [
    'oom',
  ]),
  greedy(14, 'fills memory while loading', 'v = [bytearray(10**7) for _ in range(10**6)]\ndef add(x, y): return 0', [
    'oom',
  ]),
  {
    ...breakout(
      14,
      'many processes fill memory',
      "parts = []\nfor _ in range(20):\n    if os.fork() == 0:\n        held = bytearray(b'x') * (100 << 20)\n        import time\n        time.sleep(60)\nimport time\ntime.sleep(1)\nwhile True: time.sleep(0.1); parts.append(bytearray(b'y') * (10 << 20))",
    ),
    expected: ['oom', 'timeout', 'failed(crashed)', 'failed(exception)'],
    limits: { memoryBytes: 256 * mib, timeoutMs: 4000 },
    processes: true,
  },
  breakout(
    15,
    'fork bomb',
    'def bomb():\n    for _ in range(300):\n        if os.fork() == 0: os._exit(0)\nattempt("fork", os.fork)\nattempt("300 forks", bomb)',
  ),
  breakout(
    15,
    'fork bomb where processes are allowed',
    'def bomb():\n    import time\n    for _ in range(300):\n        if os.fork() == 0:\n            time.sleep(60)\nattempt("300 processes at once", bomb)',
    { processes: true, limits: { timeoutMs: 5000 } },
  ),
  breakout(
    15,
    'thread bomb',
    'import threading, time\ndef bomb():\n    for _ in range(300): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nattempt("300 threads at once", bomb)',
    { limits: { timeoutMs: 5000 } },
  ),
  {
    ...forgery(
      17,
      'reads address 0',
      'import ctypes\ndef add(x, y):\n    return ctypes.string_at(0)',
      'failed(crashed)',
    ),
    notOn: { pyodide: 'address 0 is part of the memory of WebAssembly' },
  },
  forgery(17, 'SIGSEGV from itself', 'import os\ndef add(x, y):\n    os.kill(os.getpid(), 11)', 'failed(crashed)'),
  greedy(17, 'recursion without end', 'def add(x, y):\n    return add(x, y)', ['failed(exception)']),
  greedy(
    17,
    'recursion in C without end',
    'import sys\nsys.setrecursionlimit(10**8)\ndef add(x, y):\n    v = []\n    for _ in range(10**6): v = [v]\n    return repr(v)',
    refused,
  ),
  forgery(29, 'nested parentheses', `${'('.repeat(5000)}${')'.repeat(5000)}`, 'failed(syntax)'),
  forgery(29, 'a program of 2 MB', `x = "${'x'.repeat(2 * mib)}"`, 'failed(source_limit)'),
  greedy(29, 'a tuple of constants that folds to a giant', 'x = ((1,) * 10**8,) * 50\ndef add(x, y): return 0', [
    'oom',
    'failed(assertion)',
  ]),
  forgery(29, 'an unterminated string', "def add(x, y):\n    return '''", 'failed(syntax)'),
  forgery(29, 'NUL in the source', 'def add(x, y):\n    return "\0"', 'failed(syntax)'),
  endless(34, 'answers each question slowly', 'import time\ndef add(x, y):\n    time.sleep(0.3)\n    return x + y'),
  endless(
    34,
    'half a frame',
    "import os, time\ndef add(x, y):\n    os.write(3, b'\\x00\\x00\\x00')\n    time.sleep(3600)",
  ),
];
