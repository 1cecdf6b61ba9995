/** `evalrun rescore RUN`: verdicts and metrics again from the stored answers, without the model. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { rescoreRun } from '../runner/rescore.js';
import { runFiles } from '../runner/run-folder.js';
import { renderRunJson, renderRunText } from './run-report.js';
import { writeRunReport } from './write-report.js';

interface RescoreFlags {
  readonly verbose?: boolean;
  readonly unsafeExec?: boolean;
  readonly json?: boolean;
}

export function rescoreCommand(): Command {
  return new Command('rescore')
    .description(
      'Extracts, grades and executes the stored answers of a run again, finished or not, lists what changed, and prints the scores.',
    )
    .argument('<run>', 'folder of the run')
    .option('-v, --verbose', 'every subject in the table')
    .option('--unsafe-exec', 'run generated programs without isolation where there is no sandbox')
    .option('--json', 'one JSON object on stdout')
    .action(async (folder: string, { verbose = false, json = false, unsafeExec = false }: RescoreFlags) => {
      const { metrics, changes } = await rescoreRun(folder, unsafeExec ? { unsafeExec } : {});
      const page = runFiles(folder).report;
      const report = existsSync(page)
        ? await writeRunReport(folder, (line) => process.stderr.write(`${line}\n`))
        : undefined;
      const run = { folder, metrics, ...(report !== undefined && { report }) };
      const said = changes.map(({ id, before, after }) => `${id}: ${before} -> ${after}`);
      if (json)
        process.stdout.write(`${JSON.stringify({ ...renderRunJson(run), ...(changes.length > 0 && { changes }) })}\n`);
      else process.stdout.write(`${[...said, renderRunText(run, { verbose })].join('\n')}\n`);
    });
}
