/** Handlebars templates of templates/, with the helpers that they share. Data never becomes a template. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot } from '../package-root.js';
import { translate } from './browser/translate.js';
import type { Dictionary, Language, TextArguments, TextRef } from './text.js';

export interface TemplateOptions {
  readonly dictionary: Dictionary;
  readonly language: Language;
}

const sources = path.join(packageRoot, 'reports');

/** A text file that pages are made from, e.g. `styles/page.css`. */
export function readSource(file: string): string {
  return readFileSync(path.join(sources, file), 'utf8');
}

const escapeHtml = (value: string) => Handlebars.Utils.escapeExpression(value);

/** Text in an element that the language switch can write again; what a run wrote is isolated in its direction. */
export function textElement(ref: TextRef, { dictionary, language }: TemplateOptions): string {
  if ('raw' in ref) return `<bdi>${escapeHtml(ref.raw)}</bdi>`;
  const args = ref.args === undefined ? '' : ` data-a="${escapeHtml(JSON.stringify(ref.args))}"`;
  return `<span data-t="${escapeHtml(ref.key)}"${args}>${escapeHtml(translate(dictionary, language, ref))}</span>`;
}

/**
 * Renders `templates/<name>.hbs`. In it: `{{t "key" n=1}}` a text of the dictionary, `{{text ref}}` a TextRef, `{{bdi value}}`
 * text from a run, `{{label "key"}}` and `{{placeholder "key"}}` attributes, `{{option value "key"}}` an option, `{{> name}}` other templates.
 */
export function renderTemplate(name: string, view: unknown, options: TemplateOptions): string {
  const handlebars = Handlebars.create();
  const safe = (html: string) => new Handlebars.SafeString(html);
  const attribute = (attribute: string, source: string) => (key: string) =>
    safe(
      `${attribute}="${escapeHtml(translate(options.dictionary, options.language, { key }))}" ${source}="${escapeHtml(key)}"`,
    );
  handlebars.registerHelper({
    t: (key: string, { hash }: Handlebars.HelperOptions) => {
      const args = hash as TextArguments;
      return safe(textElement(Object.keys(args).length === 0 ? { key } : { key, args }, options));
    },
    text: (ref: TextRef) => safe(textElement(ref, options)),
    bdi: (value: unknown) => safe(`<bdi>${escapeHtml(String(value))}</bdi>`),
    option: (value: string | number, key: string) =>
      safe(
        `<option value="${escapeHtml(String(value))}" data-t="${escapeHtml(key)}">${escapeHtml(translate(options.dictionary, options.language, { key }))}</option>`,
      ),
    label: attribute('aria-label', 'data-t-label'),
    placeholder: attribute('placeholder', 'data-t-placeholder'),
  });
  for (const partial of partialsOf(readSource(`templates/${name}.hbs`))) {
    handlebars.registerPartial(partial, readSource(`templates/${partial}.hbs`));
  }
  const compile = handlebars.compile(readSource(`templates/${name}.hbs`), { strict: true, preventIndent: true });
  return compile(view);
}

/** The templates that a template names, and those that they name. */
function partialsOf(source: string): Set<string> {
  const found = new Set<string>();
  const visit = (text: string) => {
    for (const [, name = ''] of text.matchAll(/\{\{>\s*([\w/-]+)/g)) {
      if (found.has(name)) continue;
      found.add(name);
      visit(readSource(`templates/${name}.hbs`));
    }
  };
  visit(source);
  return found;
}
