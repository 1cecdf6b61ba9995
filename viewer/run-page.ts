/** The report of a run: the file that it has, or what reports/ makes of its other files; nothing is written. */
import { type FileHandle, lstat } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { renderRunReport } from '../reports/run-report.js';
import type { Language } from '../reports/text.js';
import { openForeign } from '../runner/foreign-file.js';
import { loadRunReport } from '../runner/read-run.js';
import { runFiles } from '../runner/run-folder.js';
import type { ListedRun } from '../runner/run-list.js';

/** A file somebody wrote, closed by whoever sends it, or a page just made. */
export type RunPage = { readonly file: FileHandle } | { readonly html: string };

/** Of a finished run its own report.html, where there is one. Throws what `loadRunReport` throws. */
export async function runPage({ folder, status }: ListedRun, language: Language): Promise<RunPage> {
  const { report, ...read } = runFiles(folder);
  if (status === 'complete' || status === 'invalid') {
    const file = await openForeign(report);
    if (file !== undefined) return { file };
  }
  for (const file of Object.values(read)) await refuseLink(file);
  return { html: renderRunReport(await loadRunReport(folder), { language }) };
}

/** What reads the run next would follow a link out of the folder, and wait for ever at a named pipe. */
async function refuseLink(file: string): Promise<void> {
  const is = await lstat(file).catch(() => undefined);
  if (is === undefined || is.isFile()) return;
  throw new EvalrunError('run/read', {
    what: `${path.basename(file)} of this run is not a regular file`,
    todo: 'replace it by the file itself',
  });
}
