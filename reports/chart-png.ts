/** A chart as a PNG file: the same drawing as in a page, on white, with its title. */
import type { ChartConfiguration } from 'chart.js';
import { ChartJSNodeCanvas } from 'chartjs-node-canvas';
import { EvalrunError } from '../errors.js';
import { chartConfig, lightColours } from './browser/chart-config.js';
import { translate } from './browser/translate.js';
import { chartFont, shows } from './chart-font.js';
import type { ChartSpec } from './chart-spec.js';
import type { Dictionary, Language } from './text.js';

export interface PngOptions {
  readonly dictionary: Dictionary;
  readonly language: Language;
  /** Pixels; default 1200, and a height that suits the chart. */
  readonly width?: number;
  readonly height?: number;
}

const FONT_SIZE = 18;
const ROW_HEIGHT = 30;

/** A few characters that all texts of the language are made of. */
const samples: Readonly<Record<Language, string>> = { en: 'Accuracy 0-9 %', zh: '准确率与吞吐量 0-9 %' };

/**
 * Bytes of a PNG. Throws `usage/font` when no font of this machine has the language's characters; characters that it lacks in
 * names that come from a run are drawn as their code points.
 */
export function renderChartPng(spec: ChartSpec, options: PngOptions): Buffer {
  const { dictionary, language, width = 1200, height = heightOf(spec) } = options;
  const family = chartFont(samples[language]);
  if (family === null) throw noFont(language);
  const config = chartConfig(spec, {
    colours: lightColours,
    translate: (ref) => drawable(translate(dictionary, language, ref), family),
    fontFamily: `"${family}"`,
    fontSize: FONT_SIZE,
    showTitle: true,
  });
  const canvas = new ChartJSNodeCanvas({ width, height, backgroundColour: lightColours.paper });
  const margin = 20;
  const padded: ChartConfiguration = {
    ...config,
    options: { ...config.options, responsive: false, layout: { padding: margin } },
  };
  return canvas.renderToBufferSync(padded, 'image/png');
}

function drawable(text: string, family: string): string {
  const codePoint = (character: string) => `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`;
  return [...text].map((character) => (shows(family, character) ? character : codePoint(character))).join('');
}

function noFont(language: Language): EvalrunError {
  const [expected, install] =
    language === 'zh' ? ['a font with Chinese characters', 'fonts-noto-cjk'] : ['any font', 'fonts-dejavu-core'];
  return new EvalrunError('usage/font', {
    what: `No font of this machine has the characters of the charts' language (${language})`,
    expected,
    todo: `install one, e.g. "apt-get install ${install}"${language === 'zh' ? ', or ask for --lang en' : ''}`,
  });
}

function heightOf({ kind, x }: ChartSpec): number {
  return kind === 'rows' ? 160 + ROW_HEIGHT * (x.categories?.length ?? 0) : 560;
}
