/** The page of a history: what changed, a chart and a table for each series, the method. */
import type { History } from '../../runner/history/history-data.js';
import { type PageSection, renderPage } from '../page.js';
import { renderTemplate } from '../templates.js';
import { type Language, raw, text } from '../text.js';
import { historyTexts } from '../texts/history.js';
import { visibleData } from '../visible-text.js';
import { seriesChart } from './series-chart.js';
import { changeView, seriesTitle, seriesView } from './series-view.js';

/** The whole HTML file. */
export function renderHistoryPage(given: History, language: Language): string {
  const history = visibleData(given);
  const options = { dictionary: historyTexts, language };
  const ids = history.series.map((_, at) => `series-${at + 1}`);
  const changes = history.series.flatMap((series, at) =>
    series.changes.map((change) => ({ ...changeView(change), id: ids[at], series: seriesTitle(series) })),
  );
  const runs = new Set(history.series.flatMap(({ points }) => points.map(({ run }) => run)));
  const sections: PageSection[] = [
    {
      id: 'changes',
      title: text('history.overview'),
      html: renderTemplate('history/changes', { changes }, options),
    },
    ...history.series.map((series, at): PageSection => {
      const id = ids[at] ?? '';
      const view = seriesView(series, history, `${id}-chart`);
      return { id, title: seriesTitle(series), html: renderTemplate('history/series', view, options) };
    }),
    {
      id: 'method',
      title: text('history.method'),
      html: renderTemplate('history/method', methodView(history), options),
    },
  ];
  return renderPage({
    language,
    title: `evalrun history: ${history.folder}`,
    heading: text('history.heading', { n: runs.size }),
    dictionary: historyTexts,
    sections,
    charts: history.series.map((series, at) => seriesChart(series, `${ids[at]}-chart`)),
  });
}

function methodView({ alarm_rate, skipped, series }: History) {
  return {
    rate: `${Number((alarm_rate * 100).toFixed(2))} %`,
    isUnpaired: series.some(({ paired }) => !paired),
    skipped: skipped.map(({ name, reason }) => ({ name: raw(name), reason: raw(reason) })),
  };
}
