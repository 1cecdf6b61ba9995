/** Rows 1 to 5, 12, 25 and 30: wrong programs that try to be counted as right. */
import { type Attack, forgery } from './attack.js';

const wrong = 'def add(x, y):\n    return 0\n';
const dies = 'failed(crashed)';
const untrue = 'failed(assertion)';

const equalToAll = `
class Any(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __sub__(self, other): return self
    def __abs__(self): return self
    def __hash__(self): return 0
`;

export const forgeries: readonly Attack[] = [
  forgery(1, 'sys.exit(0) while loading', `import sys\n${wrong}sys.exit(0)`, 'failed(exit)'),
  forgery(1, 'quit() while loading', `${wrong}raise SystemExit(0)`, 'failed(exit)'),
  forgery(1, 'os._exit(0) while loading', `import os\n${wrong}os._exit(0)`, dies),
  forgery(1, 'raise SystemExit in the function', 'def add(x, y):\n    raise SystemExit(0)', 'failed(exception)'),
  forgery(1, 'os._exit(0) in the function', 'import os\ndef add(x, y):\n    os._exit(0)', dies),
  forgery(1, 'kill itself', 'import os\ndef add(x, y):\n    os.kill(os.getpid(), 9)', dies),
  forgery(1, 'atexit that exits with 0', `import atexit, os\natexit.register(os._exit, 0)\n${wrong}`, untrue),
  forgery(2, 'int that equals everything', `${equalToAll}def add(x, y):\n    return Any(0)`, untrue),
  forgery(
    2,
    'object that equals everything',
    'class A:\n    __eq__ = lambda s, o: True\n    __sub__ = lambda s, o: 0\ndef add(x, y):\n    return A()',
    [untrue, 'failed(exception)'],
  ),
  forgery(
    2,
    'a lying __class__',
    'class A:\n    __class__ = property(lambda s: int)\n    __eq__ = lambda s, o: True\ndef add(x, y):\n    return A()',
    [untrue, 'failed(exception)'],
  ),
  forgery(3, 'random.randint is always 0', `import random\nrandom.randint = lambda a, b: 0\n${wrong}`, untrue),
  forgery(
    3,
    'builtins.abs, isinstance, all replaced',
    `import builtins\nbuiltins.abs = lambda v: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.all = lambda v: True\n${wrong}`,
    untrue,
  ),
  forgery(
    3,
    'operator.eq and int.from_bytes games',
    `import operator, math, json\noperator.eq = lambda a, b: True\nmath.fabs = lambda v: 0.0\njson.dumps = lambda v: '""'\n${wrong}`,
    untrue,
  ),
  forgery(4, 'redefines check', `${wrong}def check(candidate):\n    pass\ncandidate = add\nMETADATA = {}`, untrue),
  forgery(
    4,
    'profile hook that exits in check',
    `import sys\ndef hook(frame, event, arg):\n    if frame.f_code.co_name == 'check': raise SystemExit(0)\nsys.setprofile(hook)\n${wrong}`,
    untrue,
  ),
  {
    ...forgery(
      4,
      'thread that replaces check later',
      `import threading, time, sys\ndef work():\n    while True:\n        for m in list(sys.modules.values()):\n            if hasattr(m, 'check'): m.check = lambda c: None\n        time.sleep(0.001)\nthreading.Thread(target=work, daemon=True).start()\n${wrong}`,
      untrue,
    ),
    notOn: { pyodide: 'Python in WebAssembly has no threads' },
  },
  forgery(
    5,
    'frame walk for expected values and result lists',
    `import sys\ndef add(x, y):\n    frame = sys._getframe()\n    while frame:\n        for value in list(frame.f_locals.values()):\n            if isinstance(value, list): value.append('passed')\n        frame = frame.f_back\n    return 0`,
    [untrue, 'failed(exception)'],
  ),
  forgery(
    5,
    'gc.get_objects() searched for the nonce',
    `import gc\ndef add(x, y):\n    return 1 if any(isinstance(o, dict) and 'nonce' in o for o in gc.get_objects()) else 0`,
    untrue,
  ),
  forgery(
    12,
    'forged PASSED lines, escapes and reports',
    `print('\\x1b[2J\\x1b[32mPASSED 10/10\\x1b[0m </script><testsuite failures="0"/>')\n${wrong}`,
    untrue,
  ),
  forgery(
    12,
    'forged verdict frame on the channel',
    `import os\nos.write(3, b'\\x00\\x00\\x00\\x20Jt\\x00\\x00\\x00\\x02s\\x00\\x00\\x00\\x04aaaas\\x00\\x00\\x00\\x06passed')\n${wrong}`,
    ['failed(protocol)', 'failed(reply_limit)'],
  ),
  forgery(
    12,
    'answers sent before they were asked for',
    `import os\nfor _ in range(50): os.write(3, b'\\x00\\x00\\x00\\x08Vt\\x00\\x00\\x00\\x02NN')\n${wrong}`,
    'failed(protocol)',
  ),
  forgery(25, 'time.time stands still', `import time\ntime.time = time.monotonic = lambda: 0.0\n${wrong}`, untrue),
  forgery(25, 'looks for a tracer of the judge', `import sys\nif sys.gettrace() is None: pass\n${wrong}`, untrue),
  {
    ...forgery(30, 'a test that never asks', wrong, 'failed(too_few_calls)'),
    test: 'def check(candidate):\n    for case in []:\n        assert candidate(*case) == 0\n',
  },
];
