/** `npm run gpu:charts [RESULT.json..]`: draws what gpu-check.sh measured as PNG files beside the results; by default of bench/results. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../package-root.js';
import { renderChartPng } from '../../reports/chart-png.js';
import { type GpuResult, gpuCharts } from './gpu-charts.js';

function resultFiles(): string[] {
  const folder = path.join(packageRoot, 'bench', 'results');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.join(folder, name));
}

function isGpuResult(result: Partial<GpuResult>): result is GpuResult {
  return typeof result.gpu === 'string' && result.records !== undefined;
}

const files = process.argv.length > 2 ? process.argv.slice(2) : resultFiles();
for (const file of files) {
  const result = JSON.parse(readFileSync(file, 'utf8')) as Partial<GpuResult>;
  if (!isGpuResult(result)) {
    if (process.argv.length > 2) throw new Error(`${file} is not a result of native/check/gpu-check.sh`);
    continue; // another measurement's
  }
  for (const chart of gpuCharts(result)) {
    const png = file.replace(/\.json$/, `-${chart.id}.png`);
    writeFileSync(png, renderChartPng(chart, { dictionary: {}, language: 'en' }));
    console.log(png);
  }
}
