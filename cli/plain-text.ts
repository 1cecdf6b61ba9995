/** Text that others wrote, made safe for a terminal. */

/**
 * Control characters, which could move the cursor or colour what follows, line breaks among them, and characters that
 * reverse the order of what is shown become visible escapes such as `\u001b`.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return named ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
