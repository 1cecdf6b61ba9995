/** `evalrun compare A B`: two runs of the same questions, sample by sample; with `--dtypes` it makes the runs first. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { DType } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import { renderCompareMarkdown } from '../reports/compare-markdown.js';
import { type Language, languages } from '../reports/text.js';
import { type Allowance, allowances } from '../runner/compare/comparable.js';
import { compareRuns, defaultMargin } from '../runner/compare/compare-runs.js';
import type { Comparison } from '../runner/compare/comparison.js';
import { writeAtomically } from '../runner/disk.js';
import { type Arms, runArms, twoDTypes } from './compare-arms.js';
import { renderCompareText } from './compare-report.js';
import type { CliParts } from './parts.js';
import { addRunOptions, type RunFlags } from './run-options.js';

interface CompareFlags extends RunFlags {
  readonly margin: number;
  readonly allow?: Allowance[];
  /** A folder; true where the arms are run and none is named. */
  readonly aa?: string | true;
  readonly dtypes?: [DType, DType];
  readonly html?: string;
  readonly md?: string;
  readonly lang: Language;
}

export function compareCommand(parts: CliParts): Command {
  const command = new Command('compare')
    .description(
      'Compares two runs of the same questions: differences with intervals, every flip, what each cost. With --dtypes and the options of a run it makes both runs first.',
    )
    .usage('BASELINE CANDIDATE [options] | --dtypes bf16,fp8 --suite NAMES [options]')
    .argument('[baseline]', 'folder of the run to compare with')
    .argument('[candidate]', 'folder of the run in question')
    .option('--margin <m>', 'drop that is tolerated, a ratio', ratio, defaultMargin)
    .addOption(
      new Option('--allow <what>', `a difference that is the point: ${allowances.join(', ')}`).argParser(
        collectAllowances,
      ),
    )
    .option(
      '--aa [run]',
      'a second run of the baseline, which must not differ; with --dtypes it is made, in another order',
    )
    .option('--dtypes <list>', 'run both precisions first, e.g. bf16,fp8: the baseline, then the candidate', twoDTypes)
    .option('--html <file>', 'write a page that opens from disk')
    .option('--md <file>', 'write Markdown')
    .addOption(new Option('--lang <language>', 'language in which the page opens').choices(languages).default('en'));
  return addRunOptions(command).action(async (baseline?: string, candidate?: string) => {
    const flags = command.opts<CompareFlags>();
    const arms = await chooseArms({ command, flags, parts, folders: [baseline, candidate] });
    const { margin, allow = [] } = flags;
    const comparison = await compareRuns(arms.baseline, arms.candidate, {
      margin,
      allow,
      ...(arms.repeat !== undefined && { aa: arms.repeat }),
    });
    await writeFiles(comparison, flags);
    if (flags.json) process.stdout.write(`${JSON.stringify(comparison)}\n`);
    else process.stdout.write(`${renderCompareText(comparison, { verbose: flags.verbose === true })}\n`);
  });
}

interface ArmChoice {
  readonly command: Command;
  readonly flags: CompareFlags;
  readonly parts: CliParts;
  readonly folders: readonly [baseline: string | undefined, candidate: string | undefined];
}

/** Stored runs, or runs made now: never half of each. */
async function chooseArms({ command, flags, parts, folders: [baseline, candidate] }: ArmChoice): Promise<Arms> {
  const { aa, dtypes } = flags;
  if (dtypes !== undefined) {
    if (baseline !== undefined) throw mixed('--dtypes makes the runs', `the folder ${baseline}`);
    if (flags.dtype !== undefined) throw mixed('--dtypes names both precisions', '--dtype as well');
    if (flags.resume !== undefined) throw mixed('--dtypes makes new runs', '--resume as well');
    if (flags.shard !== undefined) throw mixed('A part of a run says nothing about the whole', '--shard');
    if (typeof aa === 'string') throw mixed('--dtypes makes the A/A run', `--aa ${aa}`);
    return runArms(flags, dtypes, { parts, twice: aa === true });
  }
  if (baseline === undefined || candidate === undefined) {
    throw new EvalrunError('usage/compare', {
      what: 'A comparison takes two runs',
      expected: 'the folders of the baseline and of the candidate, or --dtypes and the options of a run',
      found: baseline === undefined ? 'neither' : 'one folder',
      todo: 'see "evalrun compare --help"',
    });
  }
  const extra = runOptions().find((name) => command.getOptionValueSource(name) === 'cli');
  if (extra !== undefined)
    throw mixed('Stored runs are compared as they are', `the option ${flagOf(command, extra)} of a run`);
  if (aa === true) throw mixed('The A/A control of stored runs is a stored run', '--aa without a folder');
  return { baseline, candidate, ...(aa !== undefined && { repeat: aa }) };
}

/** Options that only a run has; how results are printed is the comparison's too. */
function runOptions(): string[] {
  const printing = ['verbose', 'quiet', 'json'];
  return addRunOptions(new Command())
    .options.map((option) => option.attributeName())
    .filter((name) => !printing.includes(name));
}

function flagOf(command: Command, name: string): string {
  return command.options.find((option) => option.attributeName() === name)?.long ?? name;
}

function mixed(what: string, found: string): EvalrunError {
  return new EvalrunError('usage/compare', { what, found, todo: 'see "evalrun compare --help"' });
}

async function writeFiles(comparison: Comparison, { html, md, lang }: CompareFlags): Promise<void> {
  if (html !== undefined) {
    const { renderCompareReport } = await import('../reports/compare-report.js');
    await writeAtomically(html, renderCompareReport(comparison, { language: lang }));
  }
  if (md !== undefined) await writeAtomically(md, renderCompareMarkdown(comparison));
}

/** @example ratio('0.01') // 0.01 */
export function ratio(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('Expected a ratio from 0 to 1, e.g. 0.01 for one point.');
  }
  return value;
}

export function collectAllowances(names: string, before: Allowance[] | undefined): Allowance[] {
  const found = names.split(',').map((name) => {
    const known = allowances.find((allowance) => allowance === name);
    if (known === undefined) throw new InvalidArgumentError(`Expected one of ${allowances.join(', ')}.`);
    return known;
  });
  return [...(before ?? []), ...found];
}
