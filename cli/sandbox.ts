/** `evalrun sandbox selftest`: fires the catalogue of attacks at the sandbox and prints how each was answered. */
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { type IsolatingRung, rungs } from '../runner/sandbox/sandbox.js';
import { runSelftest, type SelftestAnswer, type SelftestResult, type SelftestRow } from '../runner/sandbox/selftest.js';
import type { SandboxReport } from '../runner/sandbox/status.js';
import { wrapText } from './wrap-text.js';

export function sandboxCommand(): Command {
  const command = new Command('sandbox').description('What runs generated code, and whether it holds.');
  command
    .command('selftest')
    .description(
      'Fires every attack of the catalogue at each rung of this machine and prints the answers. Exit 0 when all are right, 1 when one is wrong, 3 when there is no sandbox.',
    )
    .addOption(new Option('--rung <name>', 'only this rung').choices(rungs))
    .option('--json', 'one JSON object on stdout')
    .action(async ({ rung, json = false }: { rung?: IsolatingRung; json?: boolean }) => {
      const onAnswer = process.stderr.isTTY ? showProgress() : () => {};
      const result = await runSelftest({ onAnswer, ...(rung !== undefined && { rungs: [rung] }) });
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      process.stdout.write(`${json ? JSON.stringify(result) : renderSelftest(result)}\n`);
      process.exitCode = exitCodeOf(result);
    });
  return command;
}

function exitCodeOf({ reports, rows }: SelftestResult): number {
  if (Object.values(reports).every(({ rung }) => rung === 'none')) return 3;
  return rows.flatMap(({ answers }) => Object.values(answers)).every((answer) => !isWrong(answer)) ? 0 : 1;
}

function isWrong(answer: SelftestAnswer): boolean {
  return 'ok' in answer && !answer.ok;
}

function showProgress(): (rung: IsolatingRung, attack: string) => void {
  let count = 0;
  return (rung, attack) => {
    count++;
    const columns = process.stderr.columns ?? 80;
    process.stderr.write(`\r\u001b[K${`${count} ${rung}: ${attack}`.slice(0, columns - 1)}`);
  };
}

/** One table with a column for each rung, then what was skipped and why, then what was wrong. */
export function renderSelftest(result: SelftestResult, columns = process.stdout.columns ?? 120): string {
  const { reports, rows, elsewhere, wallMs } = result;
  const found = Object.entries(reports) as [IsolatingRung, SandboxReport][];
  const present = found.filter(([, { rung }]) => rung !== 'none').map(([rung]) => rung);
  const heads = found.flatMap(([rung, report]) => renderReport(rung, report, columns));
  if (present.length === 0) return heads.join('\n');
  const answers = rows.flatMap(({ row, attack, expected, answers }) =>
    Object.entries(answers).map(([rung, answer]) => ({ row, attack, expected, rung, answer })),
  );
  const fired = answers.flatMap(({ answer, ...rest }) => ('ok' in answer ? [{ ...rest, ...answer }] : []));
  const wrong = fired.filter(({ ok }) => !ok);
  return [
    ...heads,
    renderTable(rows, present, columns),
    ...elsewhere.flatMap(({ row, why }) => wrapText(`Row ${row} is answered elsewhere: ${why}.`, columns, 2)),
    ...renderSkipped(answers).flatMap((line) => wrapText(line, columns, 2)),
    ...wrong.flatMap(({ row, attack, rung, expected, got, detail }) =>
      wrapText(
        `WRONG on ${rung}: row ${row}, ${attack}: ${got}, not ${expected}${detail && ` (${detail})`}`,
        columns,
        2,
      ),
    ),
    `${fired.length - wrong.length} of ${fired.length} answers are right (${(wallMs / 1000).toFixed(1)} s).`,
  ].join('\n');
}

function renderReport(rung: IsolatingRung, report: SandboxReport, columns: number): string[] {
  if (report.rung === 'none')
    return [...wrapText(`${rung}: ${report.missing ?? 'not on this machine'}`, columns, 2), ''];
  const { bubblewrap, pyodide, python, defences } = report;
  const width = Math.max(...defences.map(({ name }) => name.length)) + 10;
  const lines = defences.flatMap(({ name, live, found }) =>
    wrapText(`  ${live ? 'live' : 'OFF '}  ${name.padEnd(width - 8)}${found}`, columns, width),
  );
  return [`${rung} ${bubblewrap ?? pyodide ?? ''}, Python ${python}`, ...lines, ''];
}

function renderTable(rows: readonly SelftestRow[], present: readonly IsolatingRung[], columns: number): string {
  const answerWidth = 23;
  // Borders are one more column than there are cells.
  const left = columns - 6 - (answerWidth + 1) * present.length - 2;
  const isWide = columns >= 100;
  const texts = isWide ? [Math.floor(left * 0.55), Math.ceil(left * 0.45) - 1] : [Math.max(left, 12)];
  const table = new Table({
    head: ['row', 'attack', ...(isWide ? ['right answers'] : []), ...present],
    style: { head: [], border: [] },
    // A line between every two of a hundred rows would only make it longer.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    colWidths: [5, ...texts, ...present.map(() => answerWidth)],
    wordWrap: true,
  });
  for (const { row, attack, expected, answers } of rows) {
    const right = isWide ? [expected.replaceAll(' | ', ', ')] : [];
    table.push([row, attack, ...right, ...present.map((rung) => renderAnswer(answers[rung]))]);
  }
  return table.toString();
}

function renderAnswer(answer: SelftestAnswer | undefined): string {
  if (answer === undefined) return '';
  if ('skipped' in answer) return '-';
  return `${answer.ok ? '' : 'NO: '}${answer.got}`;
}

/** Rows with the same reason share a line. */
function renderSkipped(
  answers: readonly { readonly row: number; readonly rung: string; readonly answer: SelftestAnswer }[],
): string[] {
  const reasons = new Map<string, Set<number>>();
  for (const { row, rung, answer } of answers) {
    if (!('skipped' in answer)) continue;
    const reason = `on ${rung}: ${answer.skipped}`;
    reasons.set(reason, (reasons.get(reason) ?? new Set()).add(row));
  }
  return [...reasons].map(([reason, rows]) => `Row ${[...rows].join(', ')} not fired ${reason}.`);
}
