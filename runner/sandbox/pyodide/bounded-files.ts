/** Bounds the file system in memory that Python sees: how many bytes and how many files it may hold. */

interface FileNode {
  readonly mode: number;
  readonly contents: Record<string, FileNode>;
  readonly usedBytes: number;
}

interface Stream {
  readonly node: FileNode;
}

type Write = (stream: Stream, buffer: Uint8Array, offset: number, length: number, at: number, own: boolean) => number;
type Remove = (parent: FileNode, name: string) => void;

/** Emscripten's MEMFS; its own functions reach each other through these properties. */
export interface MemoryFiles {
  readonly ops_table: {
    readonly dir: { node: { unlink: Remove; rmdir: Remove } };
    readonly file: { stream: { write: Write } };
  };
  createNode(parent: FileNode, name: string, mode: number, device: number): FileNode;
  resizeFileStorage(node: FileNode, size: number): void;
}

export interface FileBounds {
  readonly bytes: number;
  readonly files: number;
}

/** ENOSPC as WASI numbers it. */
const noSpace = 51;

/**
 * From now on; what is there already is not counted. A file that is removed while it is open counts as gone: the kernel's
 * limit on the memory of the process bounds what is left.
 */
export function boundFiles(files: MemoryFiles, ErrnoError: new (code: number) => Error, bounds: FileBounds): void {
  let bytes = 0;
  let count = 0;
  const grow = (by: number): void => {
    if (by > 0 && bytes + by > bounds.bytes) throw new ErrnoError(noSpace);
    bytes += by;
  };
  const { createNode, resizeFileStorage } = files;
  files.createNode = (parent, name, mode, device) => {
    if (count >= bounds.files) throw new ErrnoError(noSpace);
    count++;
    return createNode(parent, name, mode, device);
  };
  files.resizeFileStorage = (node, size) => {
    grow(size - node.usedBytes);
    resizeFileStorage(node, size);
  };
  const { stream } = files.ops_table.file;
  const { write } = stream;
  stream.write = (open, buffer, offset, length, at, own) => {
    grow(Math.max(0, at + length - open.node.usedBytes));
    return write(open, buffer, offset, length, at, own);
  };
  const { node } = files.ops_table.dir;
  const { unlink, rmdir } = node;
  node.unlink = (parent, name) => {
    const { usedBytes = 0 } = parent.contents[name] ?? {};
    unlink(parent, name);
    grow(-usedBytes);
    count--;
  };
  node.rmdir = (parent, name) => {
    rmdir(parent, name);
    count--;
  };
}
