/** Row 39: programs that use the channel of their process, or its descriptors, in another way than to answer. */
import { type Attack, forgery } from './attack.js';

const unasked = ['failed(protocol)', 'failed(reply_limit)'];
const silent = ['failed(crashed)', 'failed(protocol)', 'failed(exception)', 'timeout'];
/** A frame as codec.py writes one: (x + y, None) for the first question that a wrong program can guess. */
const frames = `
import os, struct
def frame(kind, body):
    return struct.pack('>I', len(body) + 1) + kind + body
def value(number):
    return b't' + struct.pack('>I', 2) + b'i' + struct.pack('>I', 4) + struct.pack('>i', number) + b'N'
def write(data):
    while data: data = data[os.write(3, data):]
`;
const short = { timeoutMs: 2000 };

export const channels: readonly Attack[] = [
  forgery(
    39,
    'answers a question twice',
    `${frames}def add(x, y):\n    write(frame(b'V', value(0)) * 2)\n    return 0`,
    unasked,
  ),
  forgery(
    39,
    'says that it is ready before it is, and answers ahead',
    `${frames}ready = b't' + struct.pack('>I', 2) + b's' + struct.pack('>I', 5) + b'ready' + b's' + struct.pack('>I', 0)\nwrite(frame(b'R', ready) + frame(b'V', value(3)) * 20)\ndef add(x, y):\n    return 0`,
    unasked,
  ),
  {
    ...forgery(
      39,
      'a length that swallows the frames after it',
      `${frames}def add(x, y):\n    write(struct.pack('>I', 40) + b'V' + b'x' * 8)\n    return 0`,
      [...unasked, ...silent],
    ),
    limits: short,
  },
  forgery(39, 'an empty frame', `${frames}def add(x, y):\n    write(struct.pack('>I', 0))\n    return 0`, unasked),
  forgery(
    39,
    'a frame of a kind that only the judge sends',
    `${frames}def add(x, y):\n    write(frame(b'J', value(1)) + frame(b'C', value(1)))\n    return 0`,
    unasked,
  ),
  forgery(
    39,
    'writes without end and never reads',
    `${frames}def add(x, y):\n    while True: write(frame(b'V', value(0)) * 1000)`,
    unasked,
  ),
  forgery(
    39,
    'prints to the channel',
    `import os, sys\nsys.stdout = os.fdopen(3, 'w', closefd=False)\nprint('PASSED' * 100, flush=True)\ndef add(x, y):\n    return 0`,
    unasked,
  ),
  {
    ...forgery(
      39,
      'puts its output where its channel was',
      `import os\nos.dup2(1, 3)\ndef add(x, y):\n    return x + y`,
      silent,
    ),
    limits: short,
  },
  {
    ...forgery(
      39,
      'closes every descriptor',
      `import os\nos.closerange(0, 64)\ndef add(x, y):\n    return x + y`,
      silent,
    ),
    limits: short,
  },
  {
    ...forgery(
      39,
      'closes its channel and goes on',
      'import os\ndef add(x, y):\n    os.close(3)\n    while True: pass',
      [...silent],
    ),
    limits: short,
  },
  forgery(
    39,
    'uses up its descriptors and answers',
    `import os\nkept = []\ntry:\n    while len(kept) < 100_000: kept.append(os.open('/dev/null', 0))\nexcept OSError: pass\ndef add(x, y):\n    return x + y`,
    'passed',
  ),
  {
    ...forgery(
      39,
      'stops itself',
      `import os, signal\ndef add(x, y):\n    os.kill(os.getpid(), signal.SIGSTOP)\n    return 0`,
      ['timeout', 'failed(exception)', 'failed(assertion)', 'failed(crashed)'],
    ),
    limits: short,
  },
  {
    ...forgery(
      39,
      'a second process that answers too',
      `${frames}def add(x, y):\n    if os.fork() == 0:\n        while True: write(frame(b'V', value(x + y)))\n    return 0`,
      [...unasked, 'failed(exception)', 'failed(assertion)'],
    ),
    processes: true,
  },
  {
    ...forgery(
      39,
      'a thread under another name that answers first',
      `${frames}import ctypes, threading\ndef work(total):\n    ctypes.CDLL(None).prctl(15, b'judge', 0, 0, 0)\n    write(frame(b'V', value(total)))\ndef add(x, y):\n    threading.Thread(target=work, args=(x - y,), daemon=True).start()\n    return 0`,
      [...unasked, 'failed(assertion)'],
    ),
    notOn: { pyodide: 'Python in WebAssembly has no threads' },
  },
];
