/** The extraction rules of other harnesses, each as its own source has it, in time linear in the text's length. */

/** Longest answer that is taken. */
const LONGEST = 4000;

/**
 * The rest of the line behind the first "Answer:", in any case, line breaks between allowed. Emphasis around it is dropped.
 *
 * Source: openai/simple-evals `math_eval.py`, `(?i)Answer\s*:\s*([^\n]+)`.
 */
export function extractFirstAnswer(text: string): string | undefined {
  const found = /answer\s*:\s*/i.exec(text);
  if (found === null) return undefined;
  const [line = ''] = text
    .slice(found.index + found[0].length)
    .slice(0, LONGEST)
    .split('\n', 1);
  // **Answer: 5** and **Answer:** 5
  return some(line.replace(/^[\s*_]+/, '').replace(/[\s*_]{1,100}$/, ''));
}

/**
 * The last number behind the last "Answer" or 答案, commas left out.
 *
 * Source: openai/simple-evals `mgsm_eval.py`, `parse_answer`.
 */
export function extractNumberBehindAnswer(text: string): string | undefined {
  const at = Math.max(text.lastIndexOf('Answer'), text.lastIndexOf('答案'));
  if (at < 0) return undefined;
  return text
    .slice(at)
    .replaceAll(',', '')
    .match(/-?\d+\.?\d*/g)
    ?.at(-1)
    ?.replace(/\.$/, '');
}

/** The first display \[ \], else what stands between the first dollar and the last. Source: lm-eval `hendrycks_math/utils.py`. */
export function extractBetweenDollars(text: string): string | undefined {
  const display = text.indexOf('\\[');
  const end = display < 0 ? -1 : text.indexOf('\\]', display + 2);
  if (end >= 0) return some(text.slice(display + 2, end));
  const [first, last] = [text.indexOf('$'), text.lastIndexOf('$')];
  return last > first ? some(text.slice(first + 1, last)) : undefined;
}

/** The whole output, as lm-eval compares it where nothing else is found. */
export function extractWholeText(text: string): string | undefined {
  return some(text);
}

function some(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === '' ? undefined : trimmed;
}
