/** Which questions a run answered right, read from samples.jsonl as fast as its lines' first keys allow. */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { openForeign } from '../foreign-file.js';
import { sampleStatuses } from '../run-summary.js';

/** The answers to one question. */
export interface Answers {
  readonly group: string;
  samples: number;
  correct: number;
}

/** By suite, then by sample id. */
export type RunAnswers = ReadonlyMap<string, ReadonlyMap<string, Answers>>;

/** A line's first keys, in the order in which evalrun writes them. */
const head =
  /^\{"id":("(?:[^"\\]|\\.)*"),"suite":("(?:[^"\\]|\\.)*"),"group":("(?:[^"\\]|\\.)*"),"repeat":\d+,"status":"(\w+)"/;
const headBytes = 1024;

const line = z.object({ id: z.string(), suite: z.string(), group: z.string(), status: z.enum(sampleStatuses) });

/**
 * Reads samples.jsonl; lines that are torn or damaged are left out, and counts that do not add up tell it. Undefined when there is
 * no such regular file.
 */
export async function readAnswers(file: string): Promise<RunAnswers | undefined> {
  const handle = await openForeign(file);
  if (handle === undefined) return undefined;
  const suites = new Map<string, Map<string, Answers>>();
  try {
    for await (const bytes of wholeLines(handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 }))) {
      const parsed = parseHead(bytes) ?? parseLine(bytes);
      if (parsed === undefined) continue;
      const { suite, id, group, status } = parsed;
      const questions = suites.get(suite) ?? new Map<string, Answers>();
      const answers = questions.get(id) ?? { group, samples: 0, correct: 0 };
      if (answers.samples === 0) suites.set(suite, questions.set(id, answers));
      answers.samples += 1;
      if (status === 'correct') answers.correct += 1;
    }
  } finally {
    await handle.close();
  }
  return suites;
}

/** A longer line is no answer of a model; it is left out. */
const maxLineBytes = 64 * 1024 * 1024;

/** Lines that end with a line break, without it. */
async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let open: Buffer[] = [];
  let openBytes = 0;
  for await (const chunk of chunks) {
    let at = 0;
    for (let end = chunk.indexOf(10, at); end >= 0; end = chunk.indexOf(10, at)) {
      const rest = chunk.subarray(at, end);
      if (openBytes + rest.length <= maxLineBytes) yield open.length === 0 ? rest : Buffer.concat([...open, rest]);
      [open, openBytes, at] = [[], 0, end + 1];
    }
    openBytes += chunk.length - at;
    if (openBytes <= maxLineBytes) open.push(chunk.subarray(at));
    else open = [];
  }
}

type Line = z.infer<typeof line>;

function parseHead(bytes: Buffer): Line | undefined {
  const found = head.exec(bytes.toString('utf8', 0, headBytes));
  const status = sampleStatuses.find((known) => known === found?.[4]);
  if (found === null || status === undefined || bytes.at(-1) !== closingBrace) return undefined;
  const [, id = '', suite = '', group = ''] = found;
  return { id: textIn(id), suite: textIn(suite), group: textIn(group), status };
}

const closingBrace = 125;

function textIn(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

function parseLine(bytes: Buffer): Line | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    return line.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
