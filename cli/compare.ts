/** `evalrun compare A B`: two runs of the same questions, sample by sample. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { renderCompareMarkdown } from '../reports/compare-markdown.js';
import { type Allowance, allowances } from '../runner/compare/comparable.js';
import { compareRuns, defaultMargin } from '../runner/compare/compare-runs.js';
import type { Comparison } from '../runner/compare/comparison.js';
import { writeAtomically } from '../runner/disk.js';
import { renderCompareText } from './compare-report.js';
import type { CliParts } from './parts.js';

interface CompareFlags {
  readonly margin: number;
  readonly allow?: Allowance[];
  readonly aa?: string;
  readonly md?: string;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function compareCommand(_parts: CliParts): Command {
  return new Command('compare')
    .description('Compares two runs of the same questions: differences with intervals, every flip, what each cost.')
    .argument('<baseline>', 'folder of the run to compare with')
    .argument('<candidate>', 'folder of the run in question')
    .option('--margin <m>', 'drop that is tolerated, a ratio', ratio, defaultMargin)
    .addOption(
      new Option('--allow <what>', 'a difference that is the point of the comparison; several times')
        .choices(allowances)
        .argParser(collect),
    )
    .option('--aa <run>', 'a second run of the baseline: what changes when nothing does')
    .option('--md <file>', 'write Markdown')
    .option('-v, --verbose', 'every flip')
    .option('--json', 'one JSON object on stdout')
    .action(async (baseline: string, candidate: string, flags: CompareFlags) => {
      const { margin, allow = [], aa } = flags;
      const comparison = await compareRuns(baseline, candidate, { margin, allow, ...(aa !== undefined && { aa }) });
      await writeFiles(comparison, flags);
      if (flags.json) process.stdout.write(`${JSON.stringify(comparison)}\n`);
      else process.stdout.write(`${renderCompareText(comparison, { verbose: flags.verbose === true })}\n`);
    });
}

async function writeFiles(comparison: Comparison, { md }: CompareFlags): Promise<void> {
  if (md !== undefined) await writeAtomically(md, renderCompareMarkdown(comparison));
}

export function ratio(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('Expected a ratio from 0 to 1, e.g. 0.01 for one point.');
  }
  return value;
}

export function collect(name: string, before: Allowance[] | undefined): Allowance[] {
  const known = allowances.find((allowance) => allowance === name);
  if (known === undefined) throw new InvalidArgumentError(`Expected one of ${allowances.join(', ')}.`);
  return [...(before ?? []), known];
}
