/** Which questions a run would ask: for each dataset the installed files, the ones in the box, or none. */
import { existsSync } from 'node:fs';
import { locateDataset, writableDataDir } from '../datasets/data-directory.js';
import { loadManifest } from '../datasets/manifest.js';
import type { Finding } from './doctor.js';

export function inspectData(): Finding[] {
  const folder = writableDataDir();
  const datasets = loadManifest().datasets.map(({ id }): Finding => {
    try {
      const { kind, source, reason } = locateDataset(id);
      if (kind === 'installed') return { name: id, state: 'ok', found: `${source} (${reason})` };
      const todo = `run "evalrun data pull ${id}" for the published questions`;
      return { name: id, state: 'note', found: `the questions in the box (${reason})`, todo };
    } catch (error) {
      return { name: id, state: 'note', found: error instanceof Error ? error.message : String(error) };
    }
  });
  const found = `${folder}${existsSync(folder) ? '' : ' (not made yet)'}`;
  return [{ name: 'data directory', state: 'ok', found }, ...datasets];
}
