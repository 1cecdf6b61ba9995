/** Draws the page's charts, and again when the language or the colours change. */
/// <reference lib="dom" />
import type { ChartConfiguration, Chart as ChartInstance } from 'chart.js';
import { chartConfig, darkColours, lightColours } from './chart-config.js';
import { onAppearance, pageData, say } from './page-state.js';
import { isDark } from './theme-switch.js';

/** What the inlined library defines. */
declare const Chart: new (canvas: HTMLCanvasElement, config: ChartConfiguration) => ChartInstance;

let drawn: ChartInstance[] = [];

function drawAll(): void {
  for (const chart of drawn) chart.destroy();
  drawn = pageData.charts.flatMap((spec) => {
    const canvas = document.getElementById(spec.id);
    if (!(canvas instanceof HTMLCanvasElement)) return [];
    canvas.setAttribute('aria-label', say(spec.title));
    const config = chartConfig(spec, {
      colours: isDark() ? darkColours : lightColours,
      translate: say,
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 12,
      showTitle: false,
    });
    return [new Chart(canvas, config)];
  });
}

export function startCharts(): void {
  drawAll();
  onAppearance(drawAll);
}
