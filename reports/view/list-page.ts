/** The page that lists the runs of a folder and stays up to date. */
import { renderPage } from '../page.js';
import { renderTemplate } from '../templates.js';
import { type Language, text } from '../text.js';
import { viewTexts } from '../texts/view.js';
import type { RunsState } from './live-data.js';

export function renderListPage(state: RunsState, folder: string, language: Language): string {
  const options = { dictionary: viewTexts, language };
  return renderPage({
    language,
    title: `evalrun: ${folder}`,
    heading: text('view.heading'),
    dictionary: viewTexts,
    sections: [{ id: 'runs', title: text('view.runs'), html: renderTemplate('view/list', { folder }, options) }],
    scripts: ['live-list.js'],
    styles: [{ file: 'view.css' }],
    data: [{ id: 'runs-data', content: { json: state } }],
    live: true,
  });
}
