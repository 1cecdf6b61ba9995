import { describe, expect, test } from '@jest/globals';
import { isFormula, renderFormula } from '../../reports/formula.js';
import { formulaStyle } from '../../reports/formula-style.js';

describe('renderFormula', () => {
  test('gives HTML for eyes and MathML for everything else', () => {
    const html = renderFormula('\\frac{1}{2}') ?? '';
    expect(html).toContain('<math xmlns="http://www.w3.org/1998/Math/MathML">');
    expect(html).toContain('class="katex-html"');
    expect(renderFormula('$\\frac{1}{2}$')).toBe(html);
  });

  const inert: [name: string, source: string][] = [
    ['a script', '</script><script>alert(1)</script>^2'],
    ['a link', '\\href{javascript:alert(1)}{x^2}'],
    ['a url', '\\url{javascript:alert(1)}'],
    ['a style', '\\htmlStyle{position:fixed}{x^2}'],
    ['a class', '\\htmlClass{masthead}{x^2}'],
    ['an id', '\\htmlId{content}{x^2}'],
    ['data', '\\htmlData{t=shell.skip}{x^2}'],
    ['a picture', '\\includegraphics{http://a.example/x.png}'],
    ['markup in text', '\\text{<img src=x onerror=alert(1)>}^2'],
  ];
  test.each(inert)('%s does nothing', (_, source) => {
    const html = (renderFormula(source) ?? '').replace(/<annotation[\s\S]*?<\/annotation>/g, '');
    expect(html).not.toMatch(/<(?:script|img|a|iframe)\b|<[^>]*(?:href=|src=|\bid=|data-|position:|masthead)/);
  });

  const refused: [name: string, source: string][] = [
    ['a macro without end', '\\def\\x{\\x\\x}\\x'],
    ['braces that do not match', '\\frac{1}{2'],
    ['a command that does not exist', '\\frac{\\nonsense'],
    ['braces nested ten thousand deep', `${'{'.repeat(10_000)}x${'}'.repeat(10_000)}`],
  ];
  test.each(refused)('%s stays as it was written', (_, source) => {
    expect(renderFormula(source)).toBeNull();
  });

  test('has no box larger than twenty em', () => {
    const [, drawn = ''] = (renderFormula('\\rule{9999em}{9999em}') ?? '').split('katex-html');
    const sizes = [...drawn.matchAll(/([\d.]+)em/g)].map(([, size]) => Number(size));
    expect(sizes.length).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(40);
  });
});

test('a formula is more than a number or a word, and no essay', () => {
  for (const source of ['\\frac{1}{2}', 'x^2', 'a_1', '\\{1,2\\}'])
    expect([source, isFormula(source)]).toEqual([source, true]);
  for (const source of ['4', '-3.5', 'blue', '', `x^{${'1'.repeat(2000)}}`])
    expect([source, isFormula(source)]).toEqual([source, false]);
});

describe('formulaStyle', () => {
  const families = (...sources: string[]) => {
    const css = formulaStyle(sources.map((source) => renderFormula(source) ?? ''));
    return [
      ...new Set([...css.matchAll(/@font-face\{[^}]*font-family:"?(KaTeX_\w+)/g)].map(([, family]) => family)),
    ].sort();
  };

  test('has the fonts that are used, as data, and no others', () => {
    expect(families('\\frac{1}{2}')).toEqual(['KaTeX_Main']);
    expect(families('x^2')).toEqual(['KaTeX_Main', 'KaTeX_Math']);
    expect(families('\\mathbb{R}')).toEqual(['KaTeX_AMS', 'KaTeX_Main']);
    expect(families('\\mathfrak{g}')).toEqual(['KaTeX_Fraktur', 'KaTeX_Main']);
    expect(formulaStyle([renderFormula('\\mathbb{R}') ?? ''])).not.toMatch(/url\((?!data:)/);
  });

  test('has bold and italic forms only where they are used', () => {
    const size = (source: string) => formulaStyle([renderFormula(source) ?? '']).length;
    expect(size('\\mathbf{v}')).toBeGreaterThan(size('\\mathrm{v}') + 30_000);
  });
});
