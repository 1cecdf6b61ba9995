import { describe, expect, test } from '@jest/globals';
import { StopMatcher } from '../../engine/stop-matcher.js';
import { answerStart, endsInThought, splitThinking } from '../../engine/thinking.js';
import { extractAnswer, formulaRules } from '../../suites/grading/extract.js';

const fenced = '```python\nprint("</think>", "<think>")\n```';

describe('splitThinking', () => {
  test.each<[what: string, text: string, opened: boolean, thinking: string | undefined, answer: string]>([
    ['no tags', 'The answer is 4.', false, undefined, 'The answer is 4.'],
    ['a block and an answer', '<think>2 + 2</think>\n\n4', false, '2 + 2', '4'],
    ['white space before the block', '\n <think>a</think>b', false, 'a', 'b'],
    ['an empty block', '<think>\n\n</think>\n\n4', false, '\n\n', '4'],
    ['a block that the template opened', '2 + 2\n</think>\n4', true, '2 + 2\n', '4'],
    ['a tag that template and model both wrote', '<think>\nx</think>y', true, '\nx', 'y'],
    ['a closing tag that nobody is known to have opened', 'hm </think> 4', false, 'hm ', ' 4'],
    ['two blocks in a row', '<think>a</think>\n<think>b</think>\nc', false, 'a\nb', 'c'],
    ['a block inside the answer', '<think>a</think>b <think>c</think> d', false, 'a', 'b <think>c</think> d'],
    ['tags in the code of the answer', `<think>a</think>${fenced}`, false, 'a', fenced],
    ['tags in the code of a model that does not think', fenced, false, undefined, fenced],
    ['an opening tag inside a thought', '<think>a <think> b</think>c', false, 'a <think> b', 'c'],
    ['a block that never ends', '<think>a and so on', false, 'a and so on', ''],
    ['a block that the template opened and never ends', 'a and so on', true, 'a and so on', ''],
    ['a second block that never ends', '<think>a</think> <think>b', false, 'a\nb', ''],
    ['a block cut off inside its closing tag', '<think>a</thi', false, 'a</thi', ''],
    ['nothing behind the block', '<think>a</think>\n', false, 'a', ''],
    ['an indented first line', '<think>a</think>\n \n    return 1\n', false, 'a', '    return 1\n'],
    ['a tag that only begins', '<thin', false, undefined, '<thin'],
    ['a thought that begins later', 'Well, <think>a</think>b', false, undefined, 'Well, <think>a</think>b'],
    ['no text', '', false, undefined, ''],
  ])('%s', (_, text, opened, thinking, answer) => {
    expect(splitThinking(text, opened)).toEqual({ thinking, answer });
  });

  test.each([
    '<think>so \\boxed{1}</think>it is \\boxed{2}',
    'so \\boxed{1}</think>it is \\boxed{2}',
    '<think>a</think>\\boxed{1}<think>b</think>\\boxed{2}',
    '<think>a</think>\\boxed{1}<think>never ends',
    'no tags \\boxed{2}',
    'Well, <think>\\boxed{1}</think>\\boxed{2}',
    '<think>a</think>I cannot say.',
    '<think>```\nhalf a block</think>\\boxed{2}',
    '```\nhalf a block</think>\\boxed{2}',
  ])('leaves what is extracted as it was: %s', (text) => {
    expect(extractAnswer(splitThinking(text, false).answer, formulaRules)).toEqual(extractAnswer(text, formulaRules));
  });

  test.each([
    ['<|Assistant|><think>\n', true],
    ['<think>', true],
    ['<think>\n\n</think>\n\n', false],
    ['What does <think> do?', false],
    ['', false],
  ])('the prompt %j ends in a thought: %j', (prompt, expected) => {
    expect(endsInThought(prompt)).toBe(expected);
  });

  test('where the answer begins is known as soon as the thought ends', () => {
    const text = '<think>ab</think>\n\nc';
    const starts = Array.from(text, (_, i) => answerStart(text.slice(0, i + 1), false));
    expect(starts.slice('<think>'.length - 1, '<think>ab</think'.length)).toEqual(Array(10).fill(undefined));
    expect(starts.at(-1)).toBe(text.length - 1);
    expect(answerStart('c', false)).toBe(0);
  });
});

describe('stop strings', () => {
  /** Tokens are the pieces; returns the text at the stop, and how many pieces were taken. */
  const feed = (stop: readonly string[], pieces: readonly string[], thinking = false) => {
    const matcher = new StopMatcher(stop, { decode: (ids) => ids.map((id) => pieces[id]).join(''), thinking });
    const at = pieces.findIndex((_, id) => matcher.add(id));
    return { text: matcher.text(), taken: at < 0 ? undefined : at + 1 };
  };

  test.each<
    [what: string, stop: string[], pieces: string[], thinking: boolean, text: string, taken: number | undefined]
  >([
    ['are not matched inside a block', ['X'], ['<think>', 'aX', '</think>', 'bX'], false, '<think>aX</think>b', 4],
    ['nor inside one that the prompt opened', ['X'], ['aX', '</think>', 'bX'], true, 'aX</think>b', 3],
    ['nor inside one that never ends', ['X'], ['<think>', 'aX', 'bX'], false, '<think>aXbX', undefined],
    [
      'whose tags are split over tokens',
      ['X'],
      ['<', 'th', 'ink', '>X', '</', 'think', '>aX'],
      false,
      '<think>X</think>a',
      7,
    ],
    [
      'nor on the blank lines behind it',
      ['\n\n'],
      ['<think>', 'a', '</think>', '\n\n', 'b', '\n\n'],
      false,
      '<think>a</think>\n\nb',
      6,
    ],
    ['are matched in a token that ends the block', ['X'], ['<think>a', '</think>bXc'], false, '<think>a</think>b', 2],
    [
      'are not matched across the end of the block',
      ['aX'],
      ['<think>a', '</think>', 'X'],
      false,
      '<think>a</think>X',
      undefined,
    ],
    [
      'nor inside a second block',
      ['X'],
      ['<think>a</think>', ' <think>', 'X', '</think>', 'X'],
      false,
      '<think>a</think> <think>X</think>',
      5,
    ],
    ['are matched inside a block of the answer', ['X'], ['b', '<think>', 'X'], false, 'b<think>', 3],
    ['are matched where a tag only begins', ['<t'], ['<', 't'], false, '', 2],
    ['are matched on the first white space', ['\n'], ['\n', '<think>'], false, '', 1],
  ])('%s', (_, stop, pieces, thinking, text, taken) => {
    expect(feed(stop, pieces, thinking)).toEqual({ text, taken });
  });
});
