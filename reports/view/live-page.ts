/** The page that follows one run. */
import { renderPage } from '../page.js';
import { renderTemplate } from '../templates.js';
import { type Language, raw, text } from '../text.js';
import { viewTexts } from '../texts/view.js';
import { visibleText } from '../visible-text.js';

/** The state itself comes with the first event. */
export function renderLivePage(name: string, language: Language): string {
  const options = { dictionary: viewTexts, language };
  const shown = visibleText(name);
  const section = (id: string) => ({
    id,
    title: text(`view.${id}`),
    html: renderTemplate(`view/${id}`, { reportPath: `/run/${encodeURIComponent(name)}` }, options),
  });
  return renderPage({
    language,
    title: `${shown} · evalrun`,
    heading: raw(shown),
    dictionary: viewTexts,
    sections: ['progress', 'speed', 'recent'].map(section),
    scripts: ['live-run.js'],
    styles: [{ file: 'view.css' }],
    data: [{ id: 'run-name', content: { json: name } }],
    live: true,
  });
}
