/** Writes what `evalrun bench` measured: bench.json for machines, a page and charts for people. */
import path from 'node:path';
import type { BenchmarkResult } from '../engine/benchmark/benchmark-result.js';
import type { Language } from '../reports/text.js';
import { makeFolder, writeAtomically, writeError } from '../runner/disk.js';

/** The numbers first: a machine without a font loses its pictures, not its measurement. Throws `usage/font` and what disks say. */
export async function writeBenchmark(
  result: BenchmarkResult,
  options: { readonly folder: string; readonly language: Language; readonly onWritten: (file: string) => void },
): Promise<void> {
  const { folder, language, onWritten } = options;
  const write = async (name: string, content: string | Uint8Array) => {
    const file = path.join(folder, name);
    try {
      await makeFolder(folder);
    } catch (cause) {
      throw writeError(file, cause);
    }
    await writeAtomically(file, content);
    onWritten(file);
  };
  await write('bench.json', `${JSON.stringify(result, null, 2)}\n`);
  const { renderBenchmarkPage } = await import('../reports/benchmark/benchmark-page.js');
  await write('bench.html', renderBenchmarkPage(result, language));
  const { benchmarkCharts } = await import('../reports/benchmark/benchmark-charts.js');
  const { benchmarkTexts } = await import('../reports/texts/benchmark.js');
  const { renderChartPng } = await import('../reports/chart-png.js');
  const { visibleData } = await import('../reports/visible-text.js');
  for (const spec of benchmarkCharts(visibleData(result))) {
    await write(`${spec.id}.png`, renderChartPng(spec, { dictionary: benchmarkTexts, language }));
  }
}
