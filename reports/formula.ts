/** Formulas as HTML and MathML, made when the page is made; what KaTeX cannot read stays as it was written. */
import katex from 'katex';

/** Longer ones are text or an attack. */
const longestFormula = 1000;

/** Whether an answer is more than a number or a word. */
export function isFormula(source: string): boolean {
  return source.length <= longestFormula && /[\\^_{}]/.test(source);
}

/**
 * Null where KaTeX finds no formula. Sizes and macro expansions are limited, and commands that link, load or style are refused
 * (https://katex.org/docs/security): formulas come from models.
 */
export function renderFormula(source: string): string | null {
  const bare = source.trim().replace(/^\$+([^$]*)\$+$/, '$1');
  try {
    const html = katex.renderToString(bare, {
      output: 'htmlAndMathml',
      throwOnError: false,
      trust: false,
      strict: false,
      maxExpand: 200,
      maxSize: 20,
    });
    return /class="katex-error"/.test(html) ? null : html;
  } catch {
    // Nested too deep for KaTeX's own recursion: the source is shown.
    return null;
  }
}
