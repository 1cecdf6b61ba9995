/** What a plan says about where its questions came from. */
import { EMBEDDED } from '../datasets/data-directory.js';
import type { DatasetProvenance } from './suite.js';

/** The part of a loaded dataset that goes into a plan. */
export function provenanceOf({ id, source, licence, files, deviations }: DatasetProvenance): DatasetProvenance {
  return { id, source, licence, files, deviations };
}

/** Notes on questions that are not the published ones; `extent` says how many there are. */
export function datasetNotes({ source, deviations }: DatasetProvenance, extent: string): string[] {
  const notes: string[] = [];
  if (source === EMBEDDED) {
    notes.push(
      `The questions are evalrun's own (${extent}), not the published benchmark; scores do not compare with published ones.`,
    );
  }
  if (deviations.length > 0) {
    notes.push(
      `The data differs from the published files in ${deviations.length} places; scores may not compare with published ones.`,
    );
  }
  return notes;
}
