/** Separates what a model thought from what it answered, in a text that holds both. */

const OPEN = '<think>';
const CLOSE = '</think>';
/** A line of three or more backticks or tildes, indented at most three spaces (CommonMark 4.5), and what stands behind. */
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\n]*)$/;

/**
 * The text after the last thought, or undefined when a thought never ends: the output was cut off inside it. Tags in a fenced block of
 * the answer are code.
 */
export function dropThinking(output: string): string | undefined {
  // A thought at the beginning ends at the first closing tag, whatever fences it leaves open.
  const first = output.trimStart().startsWith(OPEN) ? output.indexOf(CLOSE) : -1;
  const text = first < 0 ? output : output.slice(first + CLOSE.length);
  const tags = hideBlocks(text);
  const closed = tags.lastIndexOf(CLOSE);
  const begin = closed < 0 ? 0 : closed + CLOSE.length;
  return tags.includes(OPEN, begin) ? undefined : text.slice(begin);
}

/** The text with every `<` inside of closed fenced blocks taken away, at the same length. Time is linear in the length. */
function hideBlocks(text: string): string {
  const lines = text.split('\n');
  let open: { readonly at: number; readonly fence: string } | undefined;
  lines.forEach((line, at) => {
    const [, fence, behind = ''] = FENCE.exec(line) ?? [];
    if (fence === undefined) return;
    if (open === undefined) open = { at, fence };
    else if (fence.startsWith(open.fence) && behind.trim() === '') {
      for (let i = open.at + 1; i < at; ++i) lines[i] = (lines[i] as string).replaceAll('<', ' ');
      open = undefined;
    }
  });
  return lines.join('\n');
}
