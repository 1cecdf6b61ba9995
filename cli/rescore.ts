/** `evalrun rescore RUN`: metrics.json again from samples.jsonl. */
import { Command } from 'commander';
import { rescoreRun } from '../runner/rescore.js';
import { renderRunJson, renderRunText } from './run-report.js';

export function rescoreCommand(): Command {
  return new Command('rescore')
    .description('Computes metrics.json of a run again from its samples.jsonl, finished or not, and prints it.')
    .argument('<run>', 'folder of the run')
    .option('-v, --verbose', 'every subject in the table')
    .option('--json', 'one JSON object on stdout')
    .action(async (folder: string, { verbose = false, json = false }: { verbose?: boolean; json?: boolean }) => {
      const { metrics } = await rescoreRun(folder);
      const run = { folder, metrics };
      process.stdout.write(`${json ? JSON.stringify(renderRunJson(run)) : renderRunText(run, { verbose })}\n`);
    });
}
