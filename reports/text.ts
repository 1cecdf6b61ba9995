/** Text of a page in two languages: a reference into the dictionary, or text that is the same in both. */

export const languages = ['en', 'zh'] as const;

export type Language = (typeof languages)[number];

/** Key -> the English and the Chinese text; `{name}` stands for an argument. */
export type Dictionary = Readonly<Record<string, readonly [en: string, zh: string]>>;

export type TextArguments = Readonly<Record<string, string | number>>;

/** What a page shows: a text of its dictionary, or text from a run, which has no translation. */
export type TextRef = { readonly key: string; readonly args?: TextArguments } | { readonly raw: string };

/** @example text('samples.shown', { n: 12 }) */
export function text(key: string, args?: TextArguments): TextRef {
  return args === undefined ? { key } : { key, args };
}

export function raw(value: string): TextRef {
  return { raw: value };
}
