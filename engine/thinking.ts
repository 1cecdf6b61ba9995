/** Separates what a model thought, `<think> ... </think>`, from what it answered. */

const OPEN = '<think>';
const CLOSE = '</think>';

export interface Thought {
  /** Contents of the blocks before the answer, without their tags; undefined where there is no block. */
  readonly thinking: string | undefined;
  /** Everything behind the first block and those that follow it directly; empty while a block is open. */
  readonly answer: string;
}

/** Whether a prompt ends inside a thought, as chat templates of models that always think do. */
export function endsInThought(prompt: string): boolean {
  return prompt.trimEnd().endsWith(OPEN);
}

/**
 * A generated text as thought and answer; `opened` says that the prompt ended inside a thought. A thought stands at the beginning,
 * white space aside; blocks with nothing between them are one thought. What follows is the answer, whatever tags it holds, without
 * the blank lines at its beginning. A closing tag without an opening one ends a thought that something else opened, unless it stands
 * in a fenced block of code.
 */
export function splitThinking(text: string, opened: boolean): Thought {
  const blocks = leadingBlocks(text, opened);
  if (blocks.contents.length > 0) {
    const { end, contents } = blocks;
    return { thinking: contents.join('\n'), answer: end === undefined ? '' : text.slice(behindBlankLines(text, end)) };
  }
  const close = text.indexOf(CLOSE);
  if (close < 0 || isFenced(text, close) || text.slice(0, close).includes(OPEN))
    return { thinking: undefined, answer: text };
  return { thinking: text.slice(0, close), answer: text.slice(behindBlankLines(text, close + CLOSE.length)) };
}

/** Where in an unfinished text the answer begins, or undefined while a thought is open. */
export function answerStart(text: string, opened: boolean): number | undefined {
  const { contents, end } = leadingBlocks(text, opened);
  return contents.length === 0 || end === undefined ? end : behindBlankLines(text, end);
}

/** The blocks at the beginning, and where the last one ends; undefined where it does not. */
function leadingBlocks(text: string, opened: boolean): { contents: string[]; end: number | undefined } {
  const contents: string[] = [];
  let end = 0;
  for (;;) {
    const tag = skipSpace(text, end);
    const isTag = text.startsWith(OPEN, tag);
    const isOpen = isTag || (opened && contents.length === 0);
    if (!isOpen) return { contents, end };
    // A model may write the tag that its template has written already.
    const begin = isTag ? tag + OPEN.length : end;
    const close = text.indexOf(CLOSE, begin);
    contents.push(text.slice(begin, close < 0 ? undefined : close));
    if (close < 0) return { contents, end: undefined };
    end = close + CLOSE.length;
  }
}

function skipSpace(text: string, from: number): number {
  const offset = text.slice(from).search(/\S/);
  return offset < 0 ? text.length : from + offset;
}

/** Only whole lines: the first line of a program keeps its indentation. */
function behindBlankLines(text: string, from: number): number {
  const [blank = ''] = /^(?:[^\S\n]*\n)*(?:\s*$)?/.exec(text.slice(from)) ?? [];
  return from + blank.length;
}

function isFenced(text: string, at: number): boolean {
  return (text.slice(0, at).match(/^ {0,3}(?:```|~~~)/gm) ?? []).length % 2 === 1;
}
