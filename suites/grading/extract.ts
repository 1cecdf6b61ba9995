/** Finds the answer in what a model wrote, by rules in a stated order, and says which rule found it. */
import { extractBoxed } from './extract-boxed.js';
import { extractLastNumber, onlyNumber } from './extract-number.js';
import { extractAnswerLine, extractChinese, extractFinalAnswer, extractHashes } from './extract-phrase.js';
import {
  extractBetweenDollars,
  extractFirstAnswer,
  extractNumberBehindAnswer,
  extractWholeText,
} from './extract-protocol.js';
import { dropThinking } from './extract-thinking.js';

export type ExtractRule =
  | 'boxed'
  | 'hashes'
  | 'final-answer'
  | 'chinese-answer'
  | 'answer-line'
  | 'last-number'
  // What other harnesses do, under their own protocols.
  | 'first-answer'
  | 'answer-number'
  | 'dollars'
  | 'whole-text';

export type Extraction =
  | { readonly status: 'found'; readonly answer: string; readonly extractedBy: ExtractRule }
  /** Nothing that any rule takes for an answer; refusals are here. */
  | { readonly status: 'unparsed' }
  /** Cut off inside a thought or inside the box. */
  | { readonly status: 'truncated' };

/** For problems whose answers are formulas. */
export const formulaRules: readonly ExtractRule[] = ['boxed', 'final-answer', 'chinese-answer', 'answer-line'];

/** For arithmetic, whose answers are numbers. */
export const arithmeticRules: readonly ExtractRule[] = [
  'boxed',
  'hashes',
  'final-answer',
  'chinese-answer',
  'answer-line',
  'last-number',
];

/** Few-shot answers to MATH, in DeepSeek-Math's order: "The final answer is $x$. I hope", the box, the last number. */
export const minervaRules: readonly ExtractRule[] = ['final-answer', 'boxed', 'last-number'];

/** Few-shot answers to arithmetic: "The answer is 5.", 所以答案是：5。, the last number. */
export const workedRules: readonly ExtractRule[] = ['hashes', 'final-answer', 'chinese-answer', 'last-number'];

const finders: Readonly<Record<Exclude<ExtractRule, 'boxed'>, (text: string) => string | undefined>> = {
  hashes: extractHashes,
  'final-answer': extractFinalAnswer,
  'chinese-answer': extractChinese,
  'answer-line': extractAnswerLine,
  'last-number': extractLastNumber,
  'first-answer': extractFirstAnswer,
  'answer-number': extractNumberBehindAnswer,
  dollars: extractBetweenDollars,
  'whole-text': extractWholeText,
};

const refusal =
  /^[\s*"“]*(?:i['’]?m (?:really |very )?sorry|sorry|i (?:can(?:not|['’]t)|am unable|am not able|don['’]t know)|unfortunately,? i|as an ai|抱歉|很抱歉|对不起|非常抱歉|我(?:无法|不能|不知道)|作为(?:一个|一名)?(?:ai|人工智能))/i;

/**
 * The answer by the first rule that finds one, each looking from the end. Everything through the last `</think>` is
 * dropped. Time is linear in the length.
 */
export function extractAnswer(output: string, rules: readonly ExtractRule[]): Extraction {
  const text = dropThinking(output);
  if (text === undefined) return { status: 'truncated' };
  // #### is only looked for where answers are numbers; a formula is more than the number in it.
  const isArithmetic = rules.includes('hashes');
  for (const rule of rules) {
    if (rule === 'boxed') {
      const boxed = extractBoxed(text);
      if (boxed.kind === 'unclosed') return { status: 'truncated' };
      if (boxed.kind === 'found') return { status: 'found', answer: boxed.answer, extractedBy: rule };
      continue;
    }
    // A refusal that names a number has not answered with it.
    if (rule === 'last-number' && refusal.test(text.slice(0, 200))) continue;
    const answer = finders[rule](text);
    if (answer === undefined) continue;
    return { status: 'found', answer: isArithmetic ? onlyNumber(answer) : answer, extractedBy: rule };
  }
  return { status: 'unparsed' };
}

/** Whether a text can only be prose around an answer: it announces one. */
const announces =
  /\\boxed|\\fbox|<\/?think>|####|final answer is|the answer is|答案(?:是|为|[:：])|^[ \t>#*_-]{0,8}(?:final |the )?answer[ \t*_]{0,8}[:：]/im;

/**
 * The formula of a text that is one itself, or prose that announces one, or prose around a single `$formula$`;
 * undefined for a refusal or a text cut off.
 */
export function formulaIn(text: string): string | undefined {
  if (announces.test(text)) {
    const found = extractAnswer(text, [...formulaRules, 'hashes']);
    return found.status === 'found' ? found.answer : undefined;
  }
  return onlyFormula(text) ?? text;
}

/** "The area is $12\pi$ square units." */
function onlyFormula(text: string): string | undefined {
  if (text.length > 100_000) return undefined;
  const parts = text.split(/(?<!\\)\$+/);
  const [before = '', inside = '', behind = ''] = parts;
  const isProse = /[A-Za-z]{2,} +[A-Za-z]{1,}|[\u4e00-\u9fff]{2}/.test(before);
  return parts.length === 3 && inside.trim() !== '' && isProse
    ? `${inside}${/^[A-Za-z. ]*$/.test(behind) ? '' : behind}`
    : undefined;
}
