/** The folder of a run: its files, and the append-only samples.jsonl that is the only source of truth for scores. */
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { makeFolder, syncFolder, writeAtomically, writeError } from './disk.js';
import { keyOf, parseSampleLine, type SampleLine } from './sample-line.js';

export interface RunFiles {
  readonly record: string;
  readonly samples: string;
  readonly metrics: string;
  readonly telemetry: string;
  readonly report: string;
}

export function runFiles(folder: string): RunFiles {
  const at = (name: string) => path.join(folder, name);
  return {
    record: at('run.json'),
    samples: at('samples.jsonl'),
    metrics: at('metrics.json'),
    telemetry: at('telemetry.jsonl'),
    report: at('report.html'),
  };
}

/** `20260131-120000-mmlu-nano`: UTC time, suites, model; safe as a folder name everywhere. */
export function runId(time: Date, suites: readonly string[], model: string): string {
  const stamp = time.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const name = [...suites, path.basename(model)].join('-').replace(/[^A-Za-z0-9._-]+/g, '_');
  return `${stamp}-${name.slice(0, 100)}`;
}

/** Creates a new, empty run folder below `parent`, which is created where needed. Throws `run/write`. */
export async function createRunFolder(parent: string, id: string): Promise<string> {
  try {
    await makeFolder(parent);
  } catch (cause) {
    throw writeError(parent, cause);
  }
  for (let attempt = 1; ; attempt++) {
    const folder = path.join(parent, attempt === 1 ? id : `${id}-${attempt}`);
    try {
      await mkdir(folder);
      await syncFolder(parent);
      return folder;
    } catch (cause) {
      // Two runs of the same name started within one second.
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(folder, cause);
    }
  }
}

export interface StoredSamples {
  /** By keyOf; the line's own bytes, newline included. */
  readonly lines: Map<string, { readonly line: SampleLine; readonly text: string }>;
  /** Length of the file up to and including its last whole line. */
  readonly validBytes: number;
}

/**
 * Reads samples.jsonl. A last line that a crash tore, without a newline or not a whole record, is left out. Throws
 * `run/samples` for damage that a crash cannot explain.
 */
export async function readSamples(file: string): Promise<StoredSamples> {
  const bytes = await readIfThere(file);
  const lines: StoredSamples['lines'] = new Map();
  let at = 0;
  for (let number = 1; at < bytes.length; number++) {
    const end = bytes.indexOf(10, at) + 1;
    if (end === 0) break;
    const text = bytes.toString('utf8', at, end);
    const line = parseSampleLine(text);
    const isLast = end === bytes.length;
    if (typeof line === 'string') {
      if (isLast) break;
      throw damaged(file, number, line);
    }
    const key = keyOf(line);
    const known = lines.get(key);
    if (known !== undefined && known.text !== text) throw damaged(file, number, `a second result for ${key}`);
    if (known === undefined) lines.set(key, { line, text });
    at = end;
  }
  return { lines, validBytes: at };
}

async function readIfThere(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

function damaged(file: string, number: number, found: string): EvalrunError {
  return new EvalrunError('run/samples', {
    what: `Line ${number} of ${file} is damaged`,
    expected: 'a sample record as this version of evalrun writes it',
    found,
    todo: `delete line ${number} and resume the run, which computes it again`,
  });
}

export interface SampleWriter {
  /** Appends whole lines and returns when they are on the disk. Throws `run/write`; the file then ends as before. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens samples.jsonl for appending, cut to its first `validBytes` bytes. */
export async function openSamples(file: string, validBytes: number): Promise<SampleWriter> {
  const handle = await open(file, 'a').catch((cause: unknown) => {
    throw writeError(file, cause);
  });
  let length = validBytes;
  const isFile = (await stat(file)).isFile();
  if (isFile) await handle.truncate(length);
  return {
    async append(text) {
      const bytes = Buffer.from(text);
      try {
        await handle.appendFile(bytes);
        await handle.datasync();
        length += bytes.length;
      } catch (cause) {
        if (isFile) await handle.truncate(length);
        throw writeError(file, cause);
      }
    },
    close: () => handle.close(),
  };
}

/** Rewrites samples.jsonl in plan order, once every sample is in it. */
export async function orderSamples(file: string, planOrder: Iterable<string>): Promise<SampleLine[]> {
  const { lines } = await readSamples(file);
  const ordered = [...planOrder].map((id) => {
    const stored = lines.get(id);
    if (stored !== undefined) return stored;
    throw new EvalrunError('internal/missing-sample', { what: `The run ended without a result for ${id}` });
  });
  await writeAtomically(file, ordered.map(({ text }) => text).join(''));
  return ordered.map(({ line }) => line);
}
