/** Going on with a run that stopped: what it was asked, whether today's settings are still the same, what is done. */
import { EvalrunError } from '../errors.js';
import { differencesOf, fingerprintOf, renderDifferences } from './fingerprint.js';
import { runFiles } from './run-folder.js';
import { loadRunRecord, type RunRecord } from './run-record.js';

/** The record of the run in `folder`. Throws `run/not-found`, `run/record`. */
export async function loadRun(folder: string): Promise<RunRecord> {
  const { record: file } = runFiles(folder);
  const record = await loadRunRecord(file);
  if (record.fingerprint === fingerprintOf(record)) return record;
  throw new EvalrunError('run/record', {
    what: `${file} was changed after the run began`,
    expected: `fingerprint ${fingerprintOf(record).slice(0, 12)}, which its settings have`,
    found: record.fingerprint.slice(0, 12),
    todo: 'restore the file, or start a new run',
  });
}

/** Throws `run/settings-differ`, naming each difference as `old -> new`, unless both runs have the same result. */
export function checkSameRun(folder: string, stored: RunRecord, now: RunRecord): void {
  if (stored.fingerprint === now.fingerprint) return;
  const differences = differencesOf(stored, now);
  throw new EvalrunError('run/settings-differ', {
    what: `${folder} cannot be resumed, because its result would mix two settings (${renderDifferences(differences)})`,
    todo: 'go back to the old ones ("evalrun --resume" without other options takes the settings from run.json), or start a new run',
  });
}
