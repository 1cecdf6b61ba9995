/**
 * The process around one Pyodide: restores it from a snapshot, gives up its own powers, proves that to its parent, and runs the
 * Python source that it is sent. Arguments: folder of Pyodide, `snapshot` or `run`, options as JSON.
 */
import { Buffer } from 'node:buffer';
import fs from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { boundFiles, type FileBounds, type MemoryFiles } from './bounded-files.js';
import { checkDisarmed, checkPermissions } from './check-powers.js';
import { disarm } from './disarm.js';

export interface HostOptions {
  /** For files that the program writes. */
  readonly files: FileBounds;
  readonly environment: Readonly<Record<string, string>>;
  /** Python that is run before the snapshot is taken. */
  readonly preload: string;
  readonly nice: number;
}

interface Files {
  readonly filesystems: { readonly MEMFS: MemoryFiles };
  readonly ErrnoError: new (code: number) => Error;
  makedev(major: number, minor: number): number;
  registerDevice(device: number, operations: Record<string, unknown>): void;
  mkdev(path: string, mode: number, device: number): void;
  open(path: string, flags: number): { readonly fd: number };
  unlink(path: string): void;
  rmdir(path: string): void;
  chdir(path: string): void;
}

/** Pyodide as far as it is used here; its published types leave out the module beneath. */
interface Pyodide {
  readonly FS: Files;
  readonly _module: { stringToNewUTF8(text: string): number; _PyRun_SimpleString(address: number): number };
  setStdin(options: { stdin: () => null }): void;
  setStdout(options: { write: (bytes: Uint8Array) => number }): void;
  setStderr(options: { write: (bytes: Uint8Array) => number }): void;
  makeMemorySnapshot(): Uint8Array;
}

/** Numbers of the process's descriptors; the channel's is the same inside Python. */
const [channelFd, snapshotFd] = [3, 4];
const readAndWrite = 2;
const lowestPriority = os.constants.priority.PRIORITY_LOW;
// Kept from before they are taken away.
const { closeSync, constants, fstatSync, readFileSync, readSync, writeSync } = fs;
const exit: (code: number) => never = (process as unknown as { reallyExit(code: number): never }).reallyExit.bind(
  process,
);

async function main([folder = '', role, text = '{}']: readonly string[]): Promise<void> {
  const options = JSON.parse(text) as HostOptions;
  // Node's permissions refuse the old way by which Emscripten asks for the numbers of errors.
  Object.assign(process, { binding: () => ({ fs: constants }) });
  if (role === 'snapshot') {
    const pyodide = await load(folder, { env: options.environment, _makeSnapshot: true });
    if (runSource(pyodide, options.preload) !== 0) exit(1);
    writeAll(snapshotFd, pyodide.makeMemorySnapshot());
    return;
  }
  const pyodide = await load(folder, { env: options.environment, _loadSnapshot: readSnapshot() });
  os.setPriority(Math.min(lowestPriority, os.getPriority() + options.nice));
  boundFiles(pyodide.FS.filesystems.MEMFS, pyodide.FS.ErrnoError, options.files);
  connect(pyodide);
  const permissions = checkPermissions();
  disarm();
  writeFrame('H', Buffer.from(JSON.stringify({ ...permissions, ...checkDisarmed() })));
  const source = readFrame();
  exit(runSource(pyodide, source) === 0 ? 0 : 1);
}

async function load(folder: string, options: Record<string, unknown>): Promise<Pyodide> {
  const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
  const { info } = JSON.parse(readFileSync(`${folder}/pyodide-lock.json`, 'utf8'));
  return loadPyodide({
    indexURL: folder,
    // What Python sees as the JavaScript world.
    jsglobals: {},
    // Without packages nothing is ever fetched.
    lockFileContents: { info, packages: {} },
    enableRunUntilComplete: false,
    ...options,
  });
}

function readSnapshot(): Buffer {
  const { size } = fstatSync(snapshotFd);
  const bytes = Buffer.allocUnsafeSlow(size);
  // At a position: the open file is shared with the other processes that read it.
  for (let at = 0; at < size; ) at += readSync(snapshotFd, bytes, at, size - at, at);
  closeSync(snapshotFd);
  return bytes;
}

/** Output goes out at once, input is at its end, and descriptor 3 inside is descriptor 3 outside. */
function connect(pyodide: Pyodide): void {
  const { FS } = pyodide;
  pyodide.setStdin({ stdin: () => null });
  pyodide.setStdout({ write: (bytes) => writeSync(1, bytes) });
  pyodide.setStderr({ write: (bytes) => writeSync(2, bytes) });
  const device = FS.makedev(64, 0);
  FS.registerDevice(device, {
    open: () => {},
    close: () => {},
    read: (_: unknown, bytes: Uint8Array, offset: number, length: number) =>
      readSync(channelFd, bytes, offset, length, null),
    write: (_: unknown, bytes: Uint8Array, offset: number, length: number) =>
      writeSync(channelFd, bytes, offset, length),
  });
  FS.mkdev('/dev/channel', 0o600, device);
  if (FS.open('/dev/channel', readAndWrite).fd !== channelFd) throw new Error('descriptor 3 is taken inside Python');
  FS.unlink('/dev/channel');
  FS.chdir('/tmp');
}

/** In the module `__main__`, with no frame of Pyodide's own above it. 0, or -1 after an exception, which has been printed. */
function runSource({ _module: module }: Pyodide, source: string): number {
  return module._PyRun_SimpleString(module.stringToNewUTF8(source));
}

function writeFrame(kind: string, payload: Buffer): void {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + 1);
  head.write(kind, 4);
  writeAll(channelFd, Buffer.concat([head, payload]));
}

function readFrame(): string {
  const size = readExactly(4).readUInt32BE(0);
  return readExactly(size).toString('utf8', 1);
}

function readExactly(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const read = readSync(channelFd, bytes, at, size - at, null);
    if (read === 0) exit(0);
    at += read;
  }
  return bytes;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // One line: Node would print the line of the code too, which in Pyodide is a megabyte long.
  writeSync(2, `${error instanceof Error ? error.message : String(error)}\n`);
  exit(1);
}
