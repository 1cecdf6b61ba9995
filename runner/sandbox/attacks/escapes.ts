/** Rows 6, 7, 16, 18 to 24 and 26 to 28: programs that look for a way out of the sandbox, or that depend on where they run. */
import { type Attack, breakout, forgery } from './attack.js';

/** System calls by number through ctypes: \`call(name, ...)\` is true when the kernel did it. */
const kernel = `
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
numbers = dict(x86_64=dict(mount=165, umount2=166, ptrace=101, unshare=272, setns=308, bpf=321, perf_event_open=298,
    io_uring_setup=425, keyctl=250, add_key=248, userfaultfd=323, process_vm_readv=310, kcmp=312, chroot=161, pivot_root=155,
    init_module=175, kexec_load=246, reboot=169, swapon=167, settimeofday=164, memfd_create=319, open_by_handle_at=304,
    personality=135, quotactl=179, syslog=103, sched_setaffinity=203, execveat=322, seccomp=317, landlock_create_ruleset=444),
  aarch64=dict(mount=40, umount2=39, ptrace=117, unshare=97, setns=268, bpf=280, perf_event_open=241, io_uring_setup=425,
    keyctl=219, add_key=217, userfaultfd=282, process_vm_readv=270, kcmp=272, chroot=51, pivot_root=41))[platform.machine()]
def call(name, *args):
    result = libc.syscall(numbers[name], *args)
    return result >= 0 or (ctypes.get_errno() not in (1, 38) and f'errno {ctypes.get_errno()}')
`.trim();

export const escapes: readonly Attack[] = [
  breakout(
    6,
    'looks for the tests',
    `
import inspect
attempt('source of the caller', lambda: 'def check' in inspect.getsource(sys.modules['__main__']))
attempt('/proc', lambda: os.listdir('/proc'))
attempt('files in the working folder', lambda: bool(os.listdir('.')))
attempt('arguments', lambda: 'def check(' in ' '.join(sys.orig_argv))
attempt('other folders', lambda: bool(set(os.listdir('/')) - {'usr', 'lib', 'lib64', 'dev', 'tmp', 'opt'}))
attempt('__file__', lambda: sys.modules['solution'].__file__)`,
    { notOn: { pyodide: 'its files are its own, in memory: see "looks for the tests in memory"' } },
  ),
  breakout(
    7,
    'plants files that Python loads by itself',
    `
import importlib
for name in ('sitecustomize', 'usercustomize', 'conftest', 'random'):
    open(f'/tmp/{name}.py', 'w').write('found = True')
attempt('working folder on the path', lambda: any(p in ('', '.', '/tmp') for p in sys.path))
attempt('sitecustomize', lambda: importlib.import_module('sitecustomize'))
attempt('standard library', lambda: open(os.__file__, 'a'))
attempt('interpreter', lambda: open(sys.executable, 'ab'))`,
  ),
  {
    ...forgery(
      16,
      'daemon that outlives its program',
      'import os\ndef add(x, y):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            while True: pass\n        os._exit(0)\n    return x + y',
      ['passed', 'failed(exception)'],
    ),
    test: 'def check(candidate):\n    assert candidate(1, 2) == 3\n',
    processes: true,
  },
  breakout(
    18,
    'fills the disk',
    `
def fill(folder):
    written = 0
    try:
        for number in range(100):
            with open(f'{folder}/fill{number}', 'wb') as file:
                for _ in range(8): written += file.write(bytes(1 << 20))
    except OSError: pass
    return written > 70 << 20
attempt('more than 70 MB in /tmp', lambda: fill('/tmp'))
attempt('/dev/shm', lambda: fill('/dev/shm'))
attempt('root', lambda: open('/fill', 'w'))
attempt('/dev', lambda: open('/dev/fill', 'w'))
def sparse():
    with open('/tmp/sparse', 'wb') as file: file.truncate(1 << 40)
attempt('a file of 1 TB', sparse)`,
    { notOn: { pyodide: 'its disk is memory: see "fills the files in memory"' } },
  ),
  breakout(
    19,
    'deletes and links',
    `
import shutil
shutil.rmtree('/', ignore_errors=True)
attempt('the interpreter is gone', lambda: not os.path.exists(sys.executable) )
attempt('remove', lambda: os.remove(os.__file__))
attempt('hard link', lambda: os.link(os.__file__, '/tmp/os.py'))
attempt('rename /usr', lambda: os.rename('/usr', '/tmp/usr'))
os.chdir('/tmp')
attempt('above', lambda: open('../above', 'w'))`,
    { notOn: { pyodide: 'what it deletes is its own copy in memory' } },
  ),
  breakout(
    20,
    'network',
    `
import socket
def is_open(fd):
    try:
        return bool(os.fstat(fd))
    except OSError:
        return False
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET):
    attempt(f'socket of family {family}', lambda: socket.socket(family, socket.SOCK_RAW if family > 10 else socket.SOCK_STREAM))
attempt('localhost', lambda: socket.create_connection(('127.0.0.1', 22), 1))
attempt('name lookup', lambda: socket.getaddrinfo('localhost.example.com', 80))
attempt('descriptors of others', lambda: any(is_open(fd) for fd in range(4, 64)))`,
    { notOn: { pyodide: 'see "network through JavaScript"' } },
  ),
  breakout(
    21,
    'secrets',
    `
allowed = {'HOME', 'LC_ALL', 'LD_LIBRARY_PATH', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'PYTHONHASHSEED', 'PYTHONUTF8', 'TZ', 'PWD', 'LC_CTYPE'}
attempt('environment', lambda: bool(set(os.environ) - allowed) and found.append(str(set(os.environ) - allowed)))
for place in ('/root', '/home', '/etc', '/etc/passwd', '/etc/shadow', '/var', '/run', '/sys', '/mnt', '/opt', '/srv'):
    attempt(place, lambda: os.stat(place))
attempt('home', lambda: bool(os.listdir(os.path.expanduser('~'))))`,
    { notOn: { pyodide: 'see "secrets around Pyodide"' } },
  ),
  breakout(
    22,
    'other processes',
    `
try:
    os.kill(os.getppid(), 9)  # Whoever ends with its parent gives no answer.
except OSError:
    pass
attempt('more priority', lambda: os.nice(-5) < 10)
attempt('other processors', lambda: os.sched_setaffinity(0, {0}))
attempt('root', lambda: os.getuid() == 0 or os.geteuid() == 0)
attempt('become root', lambda: os.setuid(0))
for pid in range(3, 400):
    attempt(f'process {pid}', lambda: pid != os.getpid() and os.kill(pid, 0))`,
  ),
  breakout(
    23,
    'graphics processors',
    `
attempt('devices', lambda: bool(set(os.listdir('/dev')) - {'null', 'zero', 'random', 'urandom'}))
attempt('make a device', lambda: os.mknod('/tmp/nvidia0', 0o600 | 0o020000, os.makedev(195, 0)))`,
    { notOn: { pyodide: 'its devices are its own, in memory' } },
  ),
  breakout(
    24,
    'dangerous system calls',
    `${kernel}
for name in numbers:
    attempt(name, lambda: call(name, 0, 0, 0, 0, 0, 0))
attempt('clone with a new user namespace', lambda: libc.syscall(56 if platform.machine() == 'x86_64' else 220, 0x10000000 | 17, 0, 0, 0, 0) >= 0)
attempt('may gain privileges', lambda: libc.prctl(39, 0, 0, 0, 0) != 1)`,
    { notOn: { pyodide: 'WebAssembly makes no system calls: see the rows of JavaScript' } },
  ),
  {
    ...forgery(
      26,
      'hash seed, locale, zone and random are fixed',
      `
import os, random, time
def add(x, y):
    return [hash('evalrun'), random.random(), time.localtime(0).tm_hour, os.environ['LC_ALL']]`,
      'passed',
    ),
    test: `
import random
def check(candidate):
    number = random.Random(0).random()
    assert candidate(0, 0) == [hash('evalrun'), number, 0, 'C.UTF-8'], candidate(0, 0)
`,
  },
  forgery(27, 'input()', 'def add(x, y):\n    return int(input()) + y', 'failed(exception)'),
  {
    ...forgery(
      28,
      '__main__ block, prints and unused arguments',
      "import argparse\nprint('hello')\ndef add(x, y):\n    return x + y\nif __name__ == '__main__':\n    argparse.ArgumentParser().parse_args(['--no'])",
      'passed',
    ),
  },
];
