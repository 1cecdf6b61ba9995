/** Writes report.html into the folder of a run that just ended. */
import { writeAtomically } from '../runner/disk.js';
import { loadRunReport } from '../runner/read-run.js';
import { runFiles } from '../runner/run-folder.js';

/** The page's path, or undefined when it could not be written: the run is whole without it, and `onNotice` says why. */
export async function writeRunReport(folder: string, onNotice: (line: string) => void): Promise<string | undefined> {
  const { report } = runFiles(folder);
  try {
    // Loaded only now: a run that goes on for hours does not hold templates and styles.
    const { renderRunReport } = await import('../reports/run-report.js');
    await writeAtomically(report, renderRunReport(await loadRunReport(folder)));
    return report;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    onNotice(`No report.html was written: ${reason} The run is complete; "evalrun report ${folder}" tries again.`);
    return undefined;
  }
}
