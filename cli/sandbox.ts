/** `evalrun sandbox selftest`: fires the catalogue of attacks at the sandbox and prints how each was answered. */
import Table from 'cli-table3';
import { Command } from 'commander';
import { runSelftest, type SelftestResult, type SelftestRow } from '../runner/sandbox/selftest.js';

export function sandboxCommand(): Command {
  const command = new Command('sandbox').description('What runs generated code, and whether it holds.');
  command
    .command('selftest')
    .description(
      'Fires every attack of the catalogue and prints the answers. Exit 0 when all are right, 1 when one is wrong, 3 when there is no sandbox.',
    )
    .option('--json', 'one JSON object on stdout')
    .action(async ({ json = false }: { json?: boolean }) => {
      const onRow = process.stderr.isTTY ? showProgress() : () => {};
      const result = await runSelftest({ onRow });
      process.stdout.write(`${json ? JSON.stringify(result) : renderSelftest(result)}\n`);
      process.exitCode = exitCodeOf(result);
    });
  return command;
}

function exitCodeOf({ report, rows }: SelftestResult): number {
  if (report.rung === 'none') return 3;
  return rows.every(({ ok }) => ok) ? 0 : 1;
}

function showProgress(): (row: SelftestRow) => void {
  let count = 0;
  return ({ attack }) => {
    count++;
    process.stderr.write(`\r\u001b[K${count} ${attack}`);
  };
}

export function renderSelftest({ report, rows, elsewhere, wallMs }: SelftestResult): string {
  if (report.rung === 'none') return report.missing ?? 'There is no sandbox on this machine.';
  const plain = { head: [], border: [] };
  const table = new Table({ head: ['row', 'attack', 'expected answer', 'got', 'ok'], style: plain });
  for (const { row, attack, expected, got, ok } of rows) table.push([row, attack, expected, got, ok ? 'yes' : 'NO']);
  const wrong = rows.filter(({ ok }) => !ok);
  const bubblewrap = report.bubblewrap === null ? '' : ` ${report.bubblewrap}`;
  return [
    `Rung: ${report.rung}${bubblewrap}, Python ${report.python}`,
    ...report.defences.map(({ name, live, found }) => `  ${live ? 'live' : 'OFF '}  ${name.padEnd(22)}${found}`),
    '',
    table.toString(),
    ...elsewhere.map(({ row, why }) => `Row ${row} is answered elsewhere: ${why}.`),
    ...wrong.map(({ row, attack, detail }) => `WRONG: row ${row}, ${attack}: ${detail}`),
    `${rows.length - wrong.length} of ${rows.length} answers are right (${(wallMs / 1000).toFixed(1)} s).`,
  ].join('\n');
}
