/** `evalrun report RUN...`: pages, charts and Markdown of runs, written where they are asked for and never into the runs. */
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Language, languages } from '../reports/text.js';
import { makeFolder, writeAtomically, writeError } from '../runner/disk.js';
import { loadRunReport } from '../runner/read-run.js';
import type { RunReportData } from '../runner/report-data.js';

interface ReportFlags {
  readonly out?: string;
  readonly png?: string;
  readonly md?: string;
  readonly lang: Language;
  readonly price?: number;
}

export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Writes a page of each run that opens from disk, and a list of them where there are several; charts as PNG and a summary in Markdown on request. Runs may be unfinished; they are not changed.',
    )
    .argument('<run...>', 'folders of runs')
    .option('-o, --out <file>', 'the page; of several runs, the list of them (default: RUN-ID.html, runs.html)')
    .option('--png <folder>', 'scores, throughput and memory as PNG')
    .option('--md <file>', 'a summary in Markdown; "-" prints it')
    .addOption(new Option('--lang <language>', 'language in which pages open').choices(languages).default('en'))
    .option('--price <dollars>', 'US dollars for an hour of the device', price)
    .action(async (folders: string[], flags: ReportFlags) => {
      await writeReports(folders, flags);
    });
}

async function writeReports(folders: readonly string[], flags: ReportFlags): Promise<void> {
  // Markdown or charts alone need no page.
  const wantsPages = flags.out !== undefined || (flags.png === undefined && flags.md === undefined);
  const { listedRun, renderRunIndex } = await import('../reports/run-index.js');
  const { renderRunReport } = await import('../reports/run-report.js');
  const { renderRunMarkdown } = await import('../reports/run-markdown.js');
  const isSeveral = folders.length > 1;
  const listFile = flags.out ?? 'runs.html';
  const names = new FileNames();
  if (isSeveral) names.take(path.basename(listFile).replace(/\.html$/, ''));
  const listed: ReturnType<typeof listedRun>[] = [];
  const summaries: string[] = [];
  const written: string[] = [];
  for (const folder of folders) {
    const run = await loadRunReport(folder);
    const name = names.take(run.record.id);
    if (wantsPages) {
      const page = isSeveral ? path.join(path.dirname(listFile), `${name}.html`) : (flags.out ?? `${name}.html`);
      const options = { language: flags.lang, price: flags.price ?? null };
      written.push(await write(page, renderRunReport(run, options)));
      if (isSeveral) listed.push(listedRun(run, path.basename(page)));
    }
    if (flags.png !== undefined) {
      written.push(...(await writeCharts(run, isSeveral ? path.join(flags.png, name) : flags.png, flags.lang)));
    }
    if (flags.md !== undefined) summaries.push(renderRunMarkdown(run, flags.lang));
  }
  if (wantsPages && isSeveral) written.push(await write(listFile, renderRunIndex(listed, flags.lang)));
  if (flags.md === '-') process.stdout.write(summaries.join('\n'));
  else if (flags.md !== undefined) written.push(await write(flags.md, summaries.join('\n')));
  const output = flags.md === '-' ? process.stderr : process.stdout;
  for (const file of written) output.write(`${file}\n`);
}

async function writeCharts(run: RunReportData, folder: string, language: Language): Promise<string[]> {
  const { runCharts } = await import('../reports/run-charts.js');
  const { visibleRun } = await import('../reports/run-report.js');
  const { renderChartPng } = await import('../reports/chart-png.js');
  const { runTexts } = await import('../reports/texts/run.js');
  const written: string[] = [];
  for (const { name, spec } of runCharts(visibleRun(run))) {
    written.push(
      await write(path.join(folder, `${name}.png`), renderChartPng(spec, { dictionary: runTexts, language })),
    );
  }
  return written;
}

async function write(file: string, content: string | Uint8Array): Promise<string> {
  try {
    await makeFolder(path.dirname(file));
  } catch (cause) {
    throw writeError(file, cause);
  }
  await writeAtomically(file, content);
  return file;
}

/** Names of files for runs: what run.json says could be anything, and two runs could say the same. */
class FileNames {
  private readonly taken = new Set<string>();

  take(id: string): string {
    const name =
      id
        .replace(/[^A-Za-z0-9._-]+/g, '_')
        .replace(/^\.+/, '')
        .slice(0, 150) || 'run';
    let unique = name;
    for (let attempt = 2; this.taken.has(unique); attempt++) unique = `${name}-${attempt}`;
    this.taken.add(unique);
    return unique;
  }
}

function price(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('Expected a price in US dollars, from 0.');
  }
  return value;
}
