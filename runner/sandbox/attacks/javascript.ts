/** Row 37, and rows that look different there: programs in Pyodide that look for the JavaScript around it, and through it for the machine. */
import { type Attack, breakout } from './attack.js';

const onlyThere = { notOn: { bubblewrap: 'there is no JavaScript around it' } };

/** What a program finds of the bridge to JavaScript when it searches memory instead of asking by name. */
const bridge = `
import gc
def of_class(name):
    return [thing for thing in gc.get_objects() if type(thing).__name__ == name]
modules = {module.__name__: module for module in gc.get_objects() if type(module) is type(gc)}
proxies = of_class('JsFinder')[0].jsproxies
js, api = proxies['js'], proxies['pyodide_js']
`.trim();

const javascript = (row: number, name: string, body: string): Attack =>
  breakout(row, name, `${bridge}\n${body.trim()}`, onlyThere);

/** Calls that end the interpreter, because a function of JavaScript throws where C expects an answer. */
const fatal = (row: number, name: string, body: string): Attack => ({
  ...javascript(row, name, body),
  expected: ['failed(crashed)'],
});

export const javascriptAttacks: readonly Attack[] = [
  breakout(
    37,
    'imports JavaScript by name',
    `
for name in ('js', 'pyodide', 'pyodide.code', 'pyodide.ffi', 'pyodide.http', 'pyodide_js', '_pyodide', '_pyodide_core'):
    attempt(name, lambda: __import__(name))
import importlib
attempt('reload', lambda: importlib.import_module('pyodide.code').run_js('1'))`,
    onlyThere,
  ),
  javascript(
    37,
    'code from text',
    `
sys.modules.update(proxies)
attempt('run_js', lambda: modules['pyodide.code'].run_js('1 + 1'))
attempt('Function', lambda: js.constructor.constructor('return globalThis')())
attempt('AsyncFunction', lambda: api.loadPackage.constructor('return globalThis')())
attempt('Function of another object', lambda: api.runPython.constructor('return process')())`,
  ),
  fatal(37, 'emscripten_run_script', `__import__('ctypes').CDLL(None).emscripten_run_script(b'1')`),
  javascript(
    37,
    'names of the world outside',
    `
for name in ('process', 'require', 'fetch', 'Buffer', 'globalThis', 'WebSocket', 'Worker', 'eval', 'console'):
    attempt(name, lambda: getattr(js, name))
attempt('process of the module', lambda: api._module.process)
attempt('configuration', lambda: api._api.config.jsglobals.process)`,
  ),
  javascript(
    37,
    'the file system of the machine',
    `
def mount(root):
    options = js.constructor.fromEntries([])
    options.root = root
    api.FS.mkdirTree('/outside')
    api.FS.mount(api.FS.filesystems.NODEFS, options, '/outside')
    return os.listdir('/outside')
for root in ('/', '/etc', '/proc/self', '/tmp'):
    attempt(f'mount {root}', lambda: mount(root))
    attempt(f'mountNodeFS {root}', lambda: api.mountNodeFS(f'/other{root}', root))
attempt('its own files', lambda: mount(api._api.config.indexURL))
attempt('loadBinaryFile', lambda: api._api.loadBinaryFile('/etc/passwd').result())`,
  ),
  fatal(37, 'a lazy file', `api.FS.createLazyFile('/', 'lazy', '/etc/passwd', True, False)\nopen('/lazy').read()`),
  fatal(37, 'os.system', `os.system('true')`),
  javascript(
    37,
    'its own streams and descriptors',
    `
def streams():
    return [stream for stream in api.FS.streams if stream is not None]
attempt('a real descriptor', lambda: any(getattr(stream, 'nfd', None) is not None for stream in streams()))
attempt('descriptor 4', lambda: os.fstat(4))
attempt('snapshot', lambda: len(api.makeMemorySnapshot()) > 0)`,
  ),
  javascript(
    20,
    'network through JavaScript',
    `
import socket
attempt('localhost', lambda: socket.create_connection(('127.0.0.1', 22), 1))
attempt('urllib', lambda: __import__('urllib.request').request.urlopen('http://127.0.0.1', timeout=1))
api.useNodeSockFS()
attempt('after useNodeSockFS', lambda: socket.create_connection(('127.0.0.1', 22), 1))
attempt('package', lambda: modules['pyodide.ffi'].run_sync(api.loadPackage('numpy')))`,
  ),
  fatal(20, 'listens', `import socket\nserver = socket.socket()\nserver.bind(('127.0.0.1', 0))\nserver.listen()`),
  breakout(
    6,
    'looks for the tests in memory',
    `
import gc
def texts():
    for folder, _, names in os.walk('/'):
        for name in names:
            path = os.path.join(folder, name)
            if not path.startswith(('/dev', '/proc', '/lib/python')):
                yield open(path, errors='replace').read()
attempt('files', lambda: any('def check(' in text for text in texts()))
attempt('arguments', lambda: 'def check(' in ' '.join(sys.orig_argv) + str(dict(os.environ)))
needle = 'def check' + '(candidate)'
attempt('strings', lambda: any(type(thing) is dict and needle in str(thing.get('test')) for thing in gc.get_objects()))`,
    onlyThere,
  ),
  breakout(
    18,
    'fills the files in memory',
    `
def fill():
    written = 0
    try:
        for number in range(100):
            with open(f'/tmp/fill{number}', 'wb') as file:
                for _ in range(8): written += file.write(bytes(1 << 20))
    except OSError: pass
    return written > 70 << 20
attempt('more than 70 MB', fill)
def sparse():
    with open('/tmp/sparse', 'wb') as file: file.truncate(1 << 31)
attempt('a file of 2 GB', sparse)
def many():
    for number in range(10_000): open(f'/tmp/{number}', 'w').close()
attempt('10,000 files', many)`,
    onlyThere,
  ),
  breakout(
    21,
    'secrets around Pyodide',
    `
allowed = {'HOME', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'LOGNAME', 'PATH', 'PWD', 'PYTHONHASHSEED', 'PYTHONINSPECT', 'PYTHONUTF8', 'TZ', 'USER', '_'}
attempt('environment', lambda: bool(set(os.environ) - allowed) and found.append(str(set(os.environ) - allowed)))
attempt('path of the process', lambda: 'host' in os.environ['_'] or 'node' in os.environ['_'])
for place in ('/root', '/etc', '/etc/passwd', '/var', '/run', '/sys', '/mnt', '/opt', '/srv', '/proc/1', '/proc/self/environ'):
    attempt(place, lambda: os.stat(place))`,
    onlyThere,
  ),
];
