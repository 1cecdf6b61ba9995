/** The page of a comparison: verdicts, every flip, the letters, subjects, cost and what differs, in one file. */
import type { Comparison } from '../runner/compare/comparison.js';
import { cost } from './compare/cost.js';
import { experts } from './compare/experts.js';
import { flips } from './compare/flips.js';
import { letters } from './compare/letters.js';
import { control, differs } from './compare/provenance.js';
import { subjects } from './compare/subjects.js';
import { verdicts } from './compare/verdicts.js';
import { type PageSection, renderPage } from './page.js';
import { renderTemplate } from './templates.js';
import { type Language, raw } from './text.js';
import { compareTexts } from './texts/compare.js';
import { visibleData } from './visible-text.js';

/** The whole page; the same bytes for the same comparison and language, in which it opens. */
export function renderCompareReport(comparison: Comparison, { language = 'en' }: { language?: Language } = {}): string {
  const shown = visibleData(comparison);
  const { baseline, candidate } = shown;
  const sections = [
    verdicts(shown),
    control(shown),
    flips(shown),
    letters(shown),
    subjects(shown),
    cost(shown),
    experts(shown),
    differs(shown),
  ].filter((section) => section !== null);
  return renderPage({
    language,
    title: `${baseline.run} → ${candidate.run} · evalrun`,
    heading: raw(`${baseline.run} → ${candidate.run}`),
    dictionary: compareTexts,
    sections: sections.map(({ id, title, view }): PageSection => {
      return { id, title, html: renderTemplate(`compare/${id}`, view, { dictionary: compareTexts, language }) };
    }),
    charts: sections.flatMap(({ charts = [] }) => charts),
    scripts: ['sortable-tables.js'],
    styles: [{ file: 'compare.css' }],
  });
}
