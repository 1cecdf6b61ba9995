/** KaTeX's style sheet with the fonts that given formulas use, and no others, as data. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const bold =
  /\b(?:mathbf|textbf|boldsymbol|mathboldfrak|textboldfrak|mathboldsf|textboldsf|mathsfit|textit|mathit|text-?itsf|itsf|boldsf)\b/;

/** CSS for the HTML of `formulas`. */
export function formulaStyle(formulas: Iterable<string>): string {
  const classes = new Set<string>();
  for (const html of formulas) {
    for (const [, list = ''] of html.matchAll(/class="([^"]*)"/g))
      for (const name of list.split(' ')) classes.add(name);
  }
  const folder = path.dirname(createRequire(import.meta.url).resolve('katex'));
  const css = readFileSync(path.join(folder, 'katex.min.css'), 'utf8');
  const rules = css.replace(/@font-face\{[^}]*\}/g, '');
  const families = usedFamilies(rules, classes);
  const needsVariants = [...classes].some((name) => bold.test(name));
  const faces = [...css.matchAll(/@font-face\{[^}]*\}/g)].flatMap(([face]) => {
    const family = /font-family:"?([\w-]+)"?/.exec(face)?.[1] ?? '';
    const file = /url\((fonts\/[\w-]+\.woff2)\)/.exec(face)?.[1];
    if (file === undefined || !families.has(family)) return [];
    // The italic of KaTeX_Math is its plain form.
    if (!needsVariants && /Bold|Italic/.test(file) && !/Math-Italic/.test(file)) return [];
    const data = readFileSync(path.join(folder, file)).toString('base64');
    return [face.replace(/src:[^}]*/, `src:url(data:font/woff2;base64,${data}) format("woff2")`)];
  });
  return [...faces, rules].join('\n');
}

/** Families of the rules whose selectors only ask for classes that occur. */
function usedFamilies(rules: string, classes: ReadonlySet<string>): Set<string> {
  const families = new Set<string>();
  for (const [, selectors = '', body = ''] of rules.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    const used = selectors
      .split(',')
      .some((selector) =>
        [...selector.matchAll(/\.([\w-]+)/g)].every(([, name = '']) => name === 'katex' || classes.has(name)),
      );
    if (used) for (const [family] of body.matchAll(/KaTeX_\w+/g)) families.add(family);
  }
  return families;
}
