/** `evalrun history [DIR]`: trends of all runs of a folder, with change points. */
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { EvalrunError } from '../errors.js';
import { historyOf } from '../runner/history/history-of.js';
import { renderHistory } from './history-report.js';

interface HistoryFlags {
  readonly suite?: string;
  readonly model?: string;
  readonly runs: number;
  readonly alarmRate: number;
  readonly html?: string;
  readonly lang: 'en' | 'zh';
  readonly json?: boolean;
}

export function historyCommand(): Command {
  return new Command('history')
    .description(
      'Shows how scores moved over the runs of a folder, by suite, model and dtype, and marks where their level changed, by how much, and what else changed there.',
    )
    .argument('[dir]', 'folder of runs', 'runs')
    .option('--suite <name>', 'only this suite')
    .option('--model <name>', 'only models whose name has this part')
    .option('--runs <n>', 'latest runs to list in each series', wholeNumber, 10)
    .option('--alarm-rate <ratio>', 'chance of marking a series in which nothing changed', rate, 0.01)
    .option('--html <file>', 'write a page with charts')
    .option('--lang <language>', 'language that the page opens in: en or zh', language, 'en')
    .option('--json', 'one JSON object on stdout')
    .action(showHistory);
}

async function showHistory(folder: string, flags: HistoryFlags): Promise<void> {
  const { suite, model, alarmRate, html, runs } = flags;
  const history = await historyOf(folder, {
    alarmRate,
    ...(suite !== undefined && { suite }),
    ...(model !== undefined && { model }),
  });
  if (flags.json) process.stdout.write(`${JSON.stringify(history)}\n`);
  else process.stdout.write(`${renderHistory(history, { columns: process.stdout.columns ?? 80, runs })}\n`);
  if (html === undefined) return;
  const { renderHistoryPage } = await import('../reports/history/history-page.js');
  try {
    await writeFile(html, renderHistoryPage(history, flags.lang));
  } catch (cause) {
    throw new EvalrunError('usage/file', {
      what: `The page cannot be written to ${html} (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
      todo: 'give --html a file in a folder that exists and can be written to',
      cause,
    });
  }
  process.stderr.write(`Page: ${html}\n`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function rate(text: string): number {
  const value = Number(text);
  if (value >= 0.001 && value <= 0.2) return value;
  throw new InvalidArgumentError('It must be a ratio from 0.001 to 0.2.');
}

function language(text: string): 'en' | 'zh' {
  if (text === 'en' || text === 'zh') return text;
  throw new InvalidArgumentError('It must be en or zh.');
}
