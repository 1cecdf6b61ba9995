/** The result of a run as text for a terminal and as the JSON object for programs. */
import Table from 'cli-table3';
import type { Drafting } from '../runner/drafting.js';
import type { RunWork } from '../runner/run-suite.js';
import type { Estimate, LanguageGap, RunMetrics, SuiteMetrics, WrittenMetrics } from '../runner/run-summary.js';
import { renderCount, renderDuration, renderPercent } from './quantity.js';
import { wrapText } from './wrap-text.js';

export interface ReportedRun {
  readonly folder: string;
  readonly metrics: RunMetrics;
  /** What the engine did just now; absent when nothing was computed. */
  readonly work?: RunWork;
  /** The page that was written; absent where none was. */
  readonly report?: string;
}

export interface ReportOptions {
  /** A row for every subject. */
  readonly verbose: boolean;
  readonly columns?: number;
}

/** `--json` of a run: {"run": DIR, "suites": {"mmlu": {accuracy, low, high, n, statuses, groups}}}; pass_at_k where answers are programs. */
export function renderRunJson({ folder, metrics }: ReportedRun): { run: string; suites: object } {
  const suites = Object.entries(metrics.suites).map(([name, suite]) => {
    const { accuracy, low, high, n, statuses, groups, pass_at_k, invalid, languages_missing } = suite;
    const rest = {
      ...(pass_at_k !== undefined && { pass_at_k }),
      ...(languages_missing !== undefined && { languages_missing }),
      ...(invalid !== undefined && { invalid }),
    };
    return [name, { accuracy, low, high, n, statuses, groups, ...rest }];
  });
  return { run: folder, suites: Object.fromEntries(suites) };
}

/** Tables and what must be known to read them. Never holds a control character. */
export function renderRunText({ folder, metrics, work, report }: ReportedRun, options: ReportOptions): string {
  const columns = Math.max(60, Math.min(120, options.columns ?? process.stdout.columns ?? 80));
  const lines = Object.entries(metrics.suites).flatMap(([name, suite]) => [
    '',
    `${name}: ${suite.protocol} protocol${suite.written === undefined || suite.shots > 0 ? `, ${suite.shots} shots` : ''}`,
    renderTable(suite, options.verbose),
    ...remarksOf(suite).flatMap((remark) => wrapText(remark, columns, 2)),
  ]);
  const gaps = renderGaps(metrics);
  if (gaps.length > 0) lines.push('', ...gaps.flatMap((gap) => wrapText(gap, columns, 2)));
  lines.push('');
  if (metrics.random) lines.push('These weights are random: the scores mean nothing.');
  if (work !== undefined && work.samples > 0) lines.push(...wrapText(renderWork(work), columns, 2));
  if (work?.drafting !== undefined) lines.push(...wrapText(renderDrafting(work.drafting), columns, 2));
  lines.push(`Run: ${folder}`);
  if (report !== undefined) lines.push(`Report: ${report}`);
  return lines.join('\n');
}

function renderGaps({ language_gap: gap, paired_language_gap: paired }: RunMetrics): string[] {
  const points = (ratio: number) => `${ratio < 0 ? '-' : '+'}${Math.abs(ratio * 100).toFixed(1)}`;
  const said = ({ difference, low, high, english, chinese }: Omit<LanguageGap, 'interval'>) =>
    `English - Chinese: ${points(difference)} points, 95 % from ${points(low)} to ${points(high)} ` +
    `(English ${renderPercent(english.accuracy)}, Chinese ${renderPercent(chinese.accuracy)})`;
  const gaps: string[] = [];
  if (gap !== null) gaps.push(`Multiple choice, ${said(gap)}`);
  if (paired !== undefined) {
    gaps.push(
      `${paired.suite}, the same ${renderCount(paired.pairs)} problems in both, ${said(paired)}; ` +
        `right only in English ${renderCount(paired.only_english)}, only in Chinese ${renderCount(paired.only_chinese)}`,
    );
  }
  return gaps;
}

function renderTable(suite: SuiteMetrics, verbose: boolean): string {
  const isSampled = (suite.written?.samples ?? 1) > 1;
  const table = new Table({
    head: [
      verbose ? 'subject or category' : 'category',
      isSampled ? 'samples' : 'questions',
      'accuracy',
      '95 % interval',
    ],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  const row = (name: string, { n, accuracy, low, high }: Estimate) =>
    table.push([name, renderCount(n), renderPercent(accuracy), `${(low * 100).toFixed(1)} to ${renderPercent(high)}`]);
  if (verbose) for (const [group, estimate] of Object.entries(suite.groups)) row(group, estimate);
  for (const [category, estimate] of Object.entries(suite.categories)) row(category, estimate);
  // With one sample pass@1 is the accuracy.
  if (isSampled) {
    for (const [k, { mean, standard_error: error, tasks }] of Object.entries(suite.pass_at_k ?? {})) {
      const spread = error === null ? '' : `SE ${(error * 100).toFixed(1)} points`;
      table.push([`pass@${k}`, `${renderCount(tasks)} tasks`, renderPercent(mean), spread]);
    }
  }
  const [micro, macro] = ['all questions (micro)', `mean of ${suite.macro.groups} subjects (macro)`];
  if (suite.written !== undefined && suite.macro.groups <= 1) {
    row('all questions', suite.micro);
    return table.toString();
  }
  // The headline is the last row, where the eye ends.
  if (suite.average === 'micro') {
    row(macro, suite.macro);
    row(micro, suite.micro);
  } else {
    row(micro, suite.micro);
    row(macro, suite.macro);
  }
  return table.toString();
}

function remarksOf(suite: SuiteMetrics): string[] {
  const remarks: string[] = [];
  const failed = Object.entries(suite.statuses).filter(([name, n]) => n > 0 && name !== 'correct' && name !== 'wrong');
  if (suite.missing > 0) failed.push(['without a result yet', suite.missing]);
  if (suite.invalid !== undefined) remarks.push(`INVALID: ${suite.invalid}.`);
  if (suite.languages_missing !== undefined) remarks.push(renderMissing(suite.macro.groups, suite.languages_missing));
  if (failed.length > 0) {
    const counts = failed.map(([name, n]) => `${renderCount(n)} ${name}`).join(', ');
    remarks.push(`Not answered, and counted as not correct: ${counts}.`);
  }
  if (suite.letters !== null) {
    const { predicted, keyed } = suite.letters;
    const letters = Object.keys(keyed).map((letter) => `${letter} ${predicted[letter] ?? 0} (${keyed[letter]})`);
    remarks.push(`Letters answered, and in the key: ${letters.join(', ')}.`);
  }
  if (suite.written !== undefined) remarks.push(...renderWritten(suite.written));
  if (suite.published.length > 0) {
    const scores = suite.published.map(({ model, score }) => `${model} ${renderPercent(score)}`);
    remarks.push(`Published for the whole benchmark: ${scores.join(', ')}.`);
  }
  return [...remarks, ...suite.notes.map((note) => `Note: ${note}`)];
}

function renderMissing(groups: number, missing: Readonly<Record<string, string>>): string {
  const names = Object.keys(missing).join(', ');
  const all = groups + Object.keys(missing).length;
  return `NOT THE WHOLE BENCHMARK: the mean of ${groups} of ${all} languages. This machine cannot run ${names}, which are no part of the score.`;
}

function renderWritten({ extracted_by, rules, completion_tokens, ends }: WrittenMetrics): string[] {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .filter(([, n]) => n > 0)
      .map(([name, n]) => `${name} ${renderCount(n)}`)
      .join(', ') || 'none';
  return [
    `Answers found by: ${list(extracted_by)}; decided by: ${list(rules)}.`,
    `Generation ended by: ${list(ends)}; ${renderCount(completion_tokens)} tokens.`,
  ];
}

/** A step costs more with a draft in it, so this is not yet a ratio of times. */
export function renderDrafting({ drafted, accepted, acceptance, tokensPerStep }: Drafting): string {
  return (
    `MTP: ${renderCount(accepted)} of ${renderCount(drafted)} drafts accepted (${renderPercent(acceptance)}), ` +
    `${tokensPerStep.toFixed(2)} tokens per step of a sequence instead of 1`
  );
}

function renderWork({ samples, promptTokens, sharedTokens, completionTokens, seconds }: RunWork): string {
  const computed = promptTokens - sharedTokens;
  // A server that tells nothing about its cache may have shared any of them.
  const split = sharedTokens === 0 ? '' : `${renderCount(computed)} computed and ${renderCount(sharedTokens)} shared`;
  const factor = computed === 0 || sharedTokens === 0 ? '' : ` (${(promptTokens / computed).toFixed(1)}x fewer)`;
  return (
    `${renderCount(samples)} samples in ${renderDuration(seconds)}: ${renderCount(promptTokens)} prompt tokens, ` +
    `${split === '' ? '' : `${split}${factor}, `}` +
    `${completionTokens === 0 ? '' : `${renderCount(completionTokens)} generated, `}` +
    `${renderCount((computed + completionTokens) / Math.max(seconds, 1e-3))} ${split === '' ? '' : 'computed '}tokens/s`
  );
}
