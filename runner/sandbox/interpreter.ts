/** Which Python runs generated programs, and which files it consists of. */
import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { pythonFile } from './python-source.js';

const descriptionSchema = z.object({
  executable: z.string(),
  version: z.string(),
  version_info: z.tuple([z.int(), z.int()]),
  /** Folders of the standard library. */
  stdlib: z.array(z.string()).min(1),
  /** Folders of installed packages inside them, which stay outside the sandbox. */
  sites: z.array(z.string()),
  /** Shared libraries, each with the symbolic links beside it. */
  libraries: z.array(z.tuple([z.string(), z.array(z.string())])),
  packages: z.record(z.string(), z.object({ version: z.string(), folders: z.array(z.string()) })),
});

export type Interpreter = z.infer<typeof descriptionSchema>;

/** An interpreter, or one sentence per candidate that says why it is not used. */
export type InterpreterSearch =
  | { readonly found: Interpreter; readonly refused: readonly string[] }
  | { readonly found: undefined; readonly refused: readonly string[] };

/**
 * The first usable of EVALRUN_PYTHON, the system's, and the one on PATH: the system's comes first because everybody may
 * read it, and the sandbox's user is nobody. Python 3.9 or newer.
 */
export async function findInterpreter(
  named: string | undefined = process.env.EVALRUN_PYTHON,
): Promise<InterpreterSearch> {
  const places = named ? [named] : ['/usr/bin/python3', '/usr/local/bin/python3', 'python3'];
  const refused: string[] = [];
  for (const place of places) {
    const answer = await describe(place);
    if (typeof answer !== 'string') return { found: answer, refused };
    refused.push(`${place}: ${answer}`);
  }
  return { found: undefined, refused };
}

async function describe(command: string): Promise<Interpreter | string> {
  let text: string;
  try {
    const args = ['-I', '-B', '-c', pythonFile('describe.py')];
    text = (await promisify(execFile)(command, args, { timeout: 30_000, cwd: '/' })).stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') return 'not installed';
    return `does not run (${stderr?.trim().split('\n').at(-1) || String(code)})`;
  }
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return 'does not answer with a description of itself';
  }
  const parsed = descriptionSchema.safeParse(answer);
  if (!parsed.success) return `describes itself incompletely (${parsed.error.issues[0]?.path.join('.') ?? ''})`;
  const [major, minor] = parsed.data.version_info;
  if (major !== 3 || minor < 9) return `version ${parsed.data.version}, but 3.9 or newer is needed`;
  const closed = await firstUnreadable([parsed.data.executable, ...parsed.data.stdlib]);
  return closed === undefined ? parsed.data : `${closed} cannot be read by the sandbox's user`;
}

/** Root starts the sandbox as another user, who must be able to reach the files by their folders' permissions. */
export async function firstUnreadable(files: readonly string[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const file of files) {
    for (let at = file; ; at = path.dirname(at)) {
      await access(at, constants.R_OK);
      const needed = at === file ? 0o4 : 0o1;
      if (((await stat(at)).mode & needed) === 0) return at;
      if (at === path.dirname(at)) break;
    }
  }
  return undefined;
}
