/** The shell of every page: one self-contained file that opens from disk, in two languages, light and dark. */
import { chartLibrary, joinModules } from './browser-script.js';
import type { ChartSpec } from './chart-spec.js';
import { contentPolicy } from './content-policy.js';
import type { PageData } from './page-data.js';
import { readSource, renderTemplate } from './templates.js';
import { type Dictionary, type Language, type TextRef, text } from './text.js';
import { shellTexts } from './texts/shell.js';

export interface PageSection {
  /** Anchor of the section. */
  readonly id: string;
  readonly title: TextRef;
  /** What renderTemplate made. */
  readonly html: string;
}

/** Data for a page's own scripts: an element that holds text and never runs. */
export interface DataBlock {
  readonly id: string;
  /** JSON, or `base64` of anything. */
  readonly content: { readonly json: unknown } | { readonly base64: string };
}

export interface PageOptions {
  readonly language: Language;
  /** Plain text, for the tab of the browser. */
  readonly title: string;
  readonly heading: TextRef;
  /** Texts of this page; the shell's are added. */
  readonly dictionary: Dictionary;
  readonly sections: readonly PageSection[];
  /** Each is drawn on the `<canvas id>` of its id; none: the library is left out. */
  readonly charts?: readonly ChartSpec[];
  /** Modules of browser/ that this page starts besides the shell's, e.g. `samples.js`. */
  readonly scripts?: readonly string[];
  /** Style sheets of styles/ besides the shell's, or their text. */
  readonly styles?: readonly ({ readonly file: string } | { readonly text: string })[];
  readonly data?: readonly DataBlock[];
  /** Set where sections hold KaTeX's output. */
  readonly mathematics?: boolean;
  /** Set for pages of `evalrun view`, which follow what happens and are no files. */
  readonly live?: boolean;
}

/** The whole HTML file; the same bytes for the same options. */
export function renderPage(options: PageOptions): string {
  const { language, charts = [], data = [], live = false } = options;
  const dictionary = { ...shellTexts, ...options.dictionary };
  const page: PageData = { dictionary, charts };
  const scripts = [
    ...(charts.length > 0 ? [chartLibrary()] : []),
    joinModules([charts.length > 0 ? 'page.js' : 'plain-page.js', ...(options.scripts ?? [])]),
  ].map(insideScript);
  const styles = [
    readSource('styles/page.css'),
    ...(options.styles ?? []).map((style) => ('file' in style ? readSource(`styles/${style.file}`) : style.text)),
  ];
  const view = {
    ...options,
    htmlLanguage: language === 'zh' ? 'zh-CN' : 'en',
    policy: contentPolicy({ scripts, styles, styleAttributes: options.mathematics ?? false, connects: live }),
    made: text(live ? 'shell.live' : 'shell.made'),
    styles,
    scripts,
    data: [{ id: 'page-data', content: { json: page } }, ...data].map(({ id, content }) =>
      'json' in content
        ? { id, type: 'application/json', inner: jsonInPage(content.json) }
        : { id, type: 'application/octet-stream', inner: content.base64 },
    ),
  };
  return renderTemplate('page', view, { dictionary, language });
}

/** JSON that cannot end the element it stands in. */
function jsonInPage(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (found) => {
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Our own code: `<` before a tag's name can only stand in its strings, where the escape means the same. */
function insideScript(code: string): string {
  return code.replace(/<(?=\/script|!--|script)/gi, '\\x3c');
}
