/** The folder of a run: its files, and the appending to samples.jsonl, which is the only source of truth for scores. */
import { mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder, syncFolder, writeError } from './disk.js';

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
