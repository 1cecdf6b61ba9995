/** `evalrun merge RUN...`: the shards of a run as one run. */
import { Command } from 'commander';
import { mergeRuns } from '../runner/merge-runs.js';
import { renderRunJson, renderRunText } from './run-report.js';
import { writeRunReport } from './write-report.js';

interface MergeFlags {
  readonly out: string;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function mergeCommand(): Command {
  return new Command('merge')
    .description(
      'Puts the shards of a run together, and prints the scores. The samples are byte for byte those of a run without shards.',
    )
    .argument('<runs...>', 'folders of all shards')
    .option('-o, --out <folder>', 'folder in which the run folder is made', 'runs')
    .option('-v, --verbose', 'every subject in the table')
    .option('--json', 'one JSON object on stdout')
    .action(async (folders: string[], { out, verbose = false, json = false }: MergeFlags) => {
      const merged = await mergeRuns(folders, { out });
      const report = await writeRunReport(merged.folder, (line) => process.stderr.write(`${line}\n`));
      const run = { ...merged, ...(report !== undefined && { report }) };
      process.stdout.write(`${json ? JSON.stringify(renderRunJson(run)) : renderRunText(run, { verbose })}\n`);
    });
}
