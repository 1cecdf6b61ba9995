/** A text reference in one language: the same function when a page is made and when its reader switches the language. */
import type { Dictionary, Language, TextRef } from '../text.js';

/** Throws a RangeError for a key that the dictionary lacks. */
export function translate(dictionary: Dictionary, language: Language, ref: TextRef): string {
  if ('raw' in ref) return ref.raw;
  const entry = dictionary[ref.key];
  if (entry === undefined) throw new RangeError(`The dictionary has no text "${ref.key}"`);
  const template = entry[language === 'en' ? 0 : 1];
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(ref.args?.[name] ?? whole));
}
