/** Text that others wrote, made harmless to look at: what would act instead of being seen is shown as an escape. */

/**
 * Control characters but tab and newline, the bidirectional controls, characters without width, lone halves of surrogate
 * pairs, and the two line separators that old parsers of scripts take for line ends.
 */
const active = new RegExp(
  [
    '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]',
    '[\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]',
    '[\\ud800-\\udbff](?![\\udc00-\\udfff])',
    '(?<![\\ud800-\\udbff])[\\udc00-\\udfff]',
  ].join('|'),
  'g',
);

/** @example visibleText('a\u202eb\0') // 'a\\u202eb\\u0000' */
export function visibleText(value: string): string {
  return value
    .replace(/\r\n/g, '\n')
    .replace(active, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export interface ClippedText {
  readonly text: string;
  /** Characters that are not shown; 0 for a whole text. */
  readonly left: number;
}

/** At most `limit` characters, never half a surrogate pair. */
export function clipText(value: string, limit: number): ClippedText {
  if (value.length <= limit) return { text: value, left: 0 };
  const code = value.charCodeAt(limit - 1);
  const end = code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
  return { text: value.slice(0, end), left: value.length - end };
}

/** A copy of plain data in which every string, names of properties included, is visible text. */
export function visibleData<T>(value: T): T {
  if (typeof value === 'string') return visibleText(value) as T;
  if (Array.isArray(value)) return value.map(visibleData) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [visibleText(key), visibleData(part)])) as T;
}
