/** The page of a measurement: what was measured where, speed of prompts and of decoding, shares of the limits, memory. */
import { arithmeticLimit, type BenchmarkResult } from '../../engine/benchmark/benchmark-result.js';
import type { Spread } from '../../engine/benchmark/spread.js';
import type { ChartSpec } from '../chart-spec.js';
import { type PageSection, renderPage } from '../page.js';
import { renderBytes, renderCount, renderPercent, renderRate } from '../quantity.js';
import type { Fact } from '../run/section.js';
import { renderTemplate } from '../templates.js';
import { type Language, raw, type TextRef, text } from '../text.js';
import { benchmarkTexts } from '../texts/benchmark.js';
import { visibleData } from '../visible-text.js';
import { benchmarkCharts } from './benchmark-charts.js';

/** The whole HTML file. */
export function renderBenchmarkPage(given: BenchmarkResult, language: Language): string {
  const result = visibleData(given);
  const charts = benchmarkCharts(result);
  const section = (id: string, title: TextRef, view: object): PageSection => {
    const html = renderTemplate(`benchmark/${id}`, view, { dictionary: benchmarkTexts, language });
    return { id: `${id}-section`, title, html };
  };
  const chart = (id: string) => charts.find((spec: ChartSpec) => spec.id === id)?.id ?? null;
  return renderPage({
    language,
    title: `${result.model} · evalrun bench`,
    heading: text('bench.heading', { model: result.model, dtype: result.dtype }),
    dictionary: benchmarkTexts,
    sections: [
      section('machine', text('bench.machine'), { facts: machineFacts(result), kernels: kernelsOf(result) }),
      section('prefill', text('bench.prefill'), { chart: chart('prefill'), rows: prefillRows(result) }),
      section('decode', text('bench.decode'), { chart: chart('decode'), rows: decodeRows(result) }),
      section('limits', text('bench.limits'), { chart: chart('limits') }),
      section('memory', text('bench.memory'), { chart: chart('memory'), facts: memoryFacts(result) }),
    ],
    charts,
  });
}

function machineFacts(result: BenchmarkResult): Fact[] {
  const { limits, loadSeconds, created, device, threads, cpu, weightFingerprint, random } = result;
  return [
    { name: text('bench.date'), value: raw(`${created.slice(0, 16).replace('T', ' ')} UTC`) },
    { name: text('bench.processor'), value: raw(cpu) },
    { name: text('bench.device'), value: text('bench.device-value', { device, n: threads }) },
    { name: text('bench.f32'), value: raw(`${giga(limits.f32Flops)} GFLOP/s`) },
    ...(limits.bf16Flops > 0 ? [{ name: text('bench.bf16'), value: raw(`${giga(limits.bf16Flops)} GFLOP/s`) }] : []),
    { name: text('bench.memory-limit'), value: raw(`${giga(limits.readBytes)} GB/s`) },
    { name: text('bench.load'), value: raw(`${renderRate(loadSeconds)} s`) },
    { name: text('bench.fingerprint'), value: random ? text('bench.random') : raw(weightFingerprint) },
  ];
}

function kernelsOf({ kernels }: BenchmarkResult) {
  return Object.entries(kernels).map(([name, value]) => ({ name, value }));
}

function prefillRows(result: BenchmarkResult) {
  const arithmetic = arithmeticLimit(result);
  return result.prefill.map(({ promptTokens, tokensPerSecond, flops }) => ({
    size: renderCount(promptTokens),
    rate: renderRate(tokensPerSecond.median),
    range: rangeOf(tokensPerSecond),
    use: `${giga(flops.median)} GFLOP/s`,
    share: renderPercent(flops.median / arithmetic),
  }));
}

function decodeRows({ decode, limits }: BenchmarkResult) {
  return decode.map(({ batch, contextTokens, tokensPerSecond, readBytes }) => ({
    size: renderCount(batch),
    context: renderCount(contextTokens),
    rate: renderRate(tokensPerSecond.median),
    range: rangeOf(tokensPerSecond),
    use: `${giga(readBytes.median)} GB/s`,
    share: renderPercent(readBytes.median / limits.readBytes),
  }));
}

function memoryFacts({ weightBytes, kvBytes, workspaceBytes, peakResidentBytes }: BenchmarkResult): Fact[] {
  return [
    { name: text('bench.weights'), value: raw(renderBytes(weightBytes)) },
    { name: text('bench.kv'), value: raw(renderBytes(kvBytes)) },
    { name: text('bench.workspace'), value: raw(renderBytes(workspaceBytes)) },
    { name: text('bench.resident'), value: raw(renderBytes(peakResidentBytes)) },
  ];
}

function rangeOf({ least, most }: Spread): string {
  return `${renderRate(least)} – ${renderRate(most)}`;
}

function giga(value: number): string {
  return renderRate(value / 1e9);
}
