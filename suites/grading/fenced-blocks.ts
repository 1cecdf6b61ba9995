/** Finds the fenced code blocks of a chat answer. */

/** A line of three or more backticks or tildes, indented at most three spaces (CommonMark 4.5), and what stands behind. */
const FENCE = /^( {0,3})(`{3,}|~{3,})[ \t]*([^\n`]*)$/;

/**
 * The contents of the blocks in order, each ending with a newline, without the indentation of their fence. A fence that is never
 * closed reaches to the end; a closing fence is at least as long as its opening one.
 */
export function fencedBlocks(text: string): string[] {
  const blocks: string[] = [];
  let open: string | undefined;
  let margin = /^/;
  let lines: string[] = [];
  const close = () => {
    blocks.push(lines.map((line) => `${line}\n`).join(''));
    [open, lines] = [undefined, []];
  };
  for (const line of text.split('\n')) {
    const [, indent = '', fence, behind = ''] = FENCE.exec(line) ?? [];
    if (open === undefined) [open, margin] = [fence, new RegExp(`^ {0,${indent.length}}`)];
    else if (fence?.startsWith(open) && behind.trim() === '') close();
    else lines.push(line.replace(margin, ''));
  }
  if (open === undefined) return blocks;
  // The text's own last newline.
  if (lines.at(-1) === '') lines.pop();
  close();
  return blocks;
}
