/**
 * Changes members of config.json's object in its text. Everything else stays byte for byte: parsed and printed again by
 * JavaScript, 1.0 becomes 1, which Python's readers of config.json take for another type.
 */

interface Member {
  readonly key: string;
  /** Of the key's opening quote. */
  readonly start: number;
  readonly valueStart: number;
  /** After the value. */
  readonly end: number;
}

/** `text`, which is valid JSON and an object with members, with `key` set to `value`. */
export function withMember(text: string, key: string, value: unknown): string {
  const members = membersOf(text);
  const printed = JSON.stringify(value, null, 2).replaceAll('\n', '\n  ');
  const present = members.find((member) => member.key === key);
  if (present !== undefined) return text.slice(0, present.valueStart) + printed + text.slice(present.end);
  const { end } = members.at(-1) as Member;
  return `${text.slice(0, end)},\n  ${JSON.stringify(key)}: ${printed}${text.slice(end)}`;
}

/** `text` without its member `key`. */
export function withoutMember(text: string, key: string): string {
  const members = membersOf(text);
  const at = members.findIndex((member) => member.key === key);
  const present = members[at];
  if (present === undefined) return text;
  const next = members[at + 1];
  if (next !== undefined) return text.slice(0, present.start) + text.slice(next.start);
  return text.slice(0, members[at - 1]?.end ?? present.start) + text.slice(present.end);
}

function membersOf(text: string): Member[] {
  const members: Member[] = [];
  let depth = 0;
  let key: { readonly text: string; readonly start: number } | undefined;
  let valueStart = 0;
  /** After the last character that is no space. */
  let end = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (key !== undefined && ((depth === 1 && token === ',') || depth === 0)) {
      members.push({ key: JSON.parse(key.text) as string, start: key.start, valueStart, end });
      key = undefined;
    } else if (depth === 1 && key === undefined && token.startsWith('"')) {
      key = { text: token, start: index };
      valueStart = 0;
    } else if (key !== undefined && valueStart === 0 && token !== ':') valueStart = index;
    if (token === '{' || token === '[') depth++;
    end = index + token.length;
  }
  return members;
}
