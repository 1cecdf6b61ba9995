/** Finds the answer after the words that announce it, in English and Chinese, in time linear in the text's length. */

/** Longest answer that follows an announcement; a longer line is cut. */
const LONGEST = 4000;
/** Announcements tried from the end: a text may repeat one a million times. */
const MOST_TRIED = 16;

const finalAnswer = /final answer is[ \t]*:?/gi;
const answerIs = /\bthe answer is[ \t]*:?/gi;
/** Also 答：, with which school answers begin. */
const chinese =
  /(?:最终)?答案(?:是|为)?[ \t]*[:：]?|所以[^\n，。]{0,20}?答(?=[:：])[:：]|(?<=^|[\n。])[ \t*]{0,8}答[:：]/g;
const answerLine = /^[ \t>#*_-]{0,8}(?:final |the )?answer[ \t*_]{0,8}[:：]/gim;
const hashes = /####/g;

/** The text after the last "final answer is". */
export function extractFinalAnswer(text: string): string | undefined {
  return after(text, finalAnswer) ?? after(text, answerIs);
}

/** The text after the last 答案是, 答案为 or 答案： */
export function extractChinese(text: string): string | undefined {
  return after(text, chinese);
}

/** The rest of the last line that begins with "Answer:". */
export function extractAnswerLine(text: string): string | undefined {
  return after(text, answerLine);
}

/** The rest of the line after the last ####, as GSM8K's keys have it. */
export function extractHashes(text: string): string | undefined {
  return after(text, hashes);
}

/** What follows the last match that anything follows. */
function after(text: string, announcement: RegExp): string | undefined {
  const ends: number[] = [];
  for (const match of text.matchAll(announcement)) {
    // 答案 alone is a word like any other; with 是, 为 or a colon it announces.
    if (match[0] === '答案') continue;
    ends.push(match.index + match[0].length);
    if (ends.length > MOST_TRIED) ends.shift();
  }
  for (const end of ends.reverse()) {
    const answer = readAnswer(text.slice(end, end + LONGEST));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** `$x$. I hope it is correct.`, ` 5 apples.`, a display on the next line. */
function readAnswer(rest: string): string | undefined {
  const text = rest.replace(/^[\s*_:：]+/, '');
  const math = /^(?:\$\$([^$]+)\$\$|\$([^$\n]+)\$(?![\d$])|\\\(([^\n]+?)\\\)|\\\[([\s\S]+?)\\\])/.exec(text);
  const inside = math?.slice(1).find((group) => group !== undefined);
  // A formula and then only punctuation or a new sentence is the answer; with more words behind, they belong to it.
  if (math !== null && inside !== undefined && /^[ \t*]*(?:[.。,，;；\n]|$)/.test(text.slice(math[0].length)))
    return clean(inside);
  const [line = ''] = text.split('\n', 1);
  return clean(firstSentence(line));
}

/** Up to a full stop that ends a sentence; a decimal point does not. */
function firstSentence(line: string): string {
  const end = /。|\.(?=\s|\*|$)|[;；](?=\s)/.exec(line);
  return end === null ? line : line.slice(0, end.index);
}

function clean(text: string): string | undefined {
  const cleaned = text.replace(/^[\s*_]+/, '').replace(/[\s*_]{1,100}$/, '');
  return cleaned === '' ? undefined : cleaned;
}
