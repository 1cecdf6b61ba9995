/** Builds the text normalisation that tokenizer.json asks for. */
import { decodeRanges, renderClass } from './code-point-set.js';
import { compilePattern } from './onig-pattern.js';
import type { NormalizerJson, Pattern } from './tokenizer-json.js';
import { nfcUntouched } from './unicode-16.js';

export type TextMap = (text: string) => string;

/** @throws EvalrunError from compilePattern. */
export function makeNormalizer(json: NormalizerJson): TextMap {
  switch (json.type) {
    case 'NFC':
      return normalizeNfc;
    case 'Prepend':
      return (text) => (text === '' ? text : json.prepend + text);
    case 'Replace':
      return makeReplace(json.pattern, json.content);
    case 'Sequence': {
      const steps = json.normalizers.map(makeNormalizer);
      return (text) => steps.reduce((current, step) => step(current), text);
    }
  }
}

/** Replaces every match of a string or an Oniguruma pattern; the replacement is literal. */
export function makeReplace(pattern: Pattern, content: string): TextMap {
  if ('String' in pattern) return (text) => text.replaceAll(pattern.String, () => content);
  const regex = compilePattern(pattern.Regex).regexp;
  return (text) => text.replace(regex, () => content);
}

const untouched = new RegExp(`(${renderClass(decodeRanges(nfcUntouched))})`, 'u');

/**
 * NFC as the Rust tokenizers compute it, with the combining classes and compositions of Unicode 9 on every Node. A code
 * point that this version does not know is a starter that composes with nothing, so the text may be cut around it.
 */
export function normalizeNfc(text: string): string {
  if (!untouched.test(text)) return text.normalize('NFC');
  return text
    .split(untouched)
    .map((part, index) => (index % 2 === 1 ? part : part.normalize('NFC')))
    .join('');
}
