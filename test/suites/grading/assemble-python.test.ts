/** From a chat answer to a program: which branch, and what the program is. */
import { describe, expect, test } from '@jest/globals';
import { assemblePython } from '../../../suites/grading/assemble-python.js';
import { fencedBlocks } from '../../../suites/grading/fenced-blocks.js';

const context = 'from typing import List\n\n\ndef helper(x):\n    return x\n\n\n';
const problem = {
  prompt: `${context}def total(xs: List[int]) -> int:\n    """ Sum. """\n`,
  entryPoint: 'total',
};
const body = '    return sum(xs)\n';
const whole = `def total(xs):\n${body}`;
const fence = (code: string, language = 'python') => `\`\`\`${language}\n${code}\`\`\``;

describe('assemblePython', () => {
  const cases: [name: string, output: string, branch: string, program: string][] = [
    ['a block with the function', `Sure!\n\n${fence(whole)}\nDone.`, 'fenced-function', `${context}\n${whole}`],
    [
      'the last of several blocks that define it',
      `${fence('def total(xs):\n    pass\n')}\nBetter:\n${fence(whole)}\n${fence('total([1])\n')}`,
      'fenced-function',
      `${context}\n${whole}`,
    ],
    ['no language', fence(whole, ''), 'fenced-function', `${context}\n${whole}`],
    ['tildes', `~~~py\n${whole}~~~`, 'fenced-function', `${context}\n${whole}`],
    ['CRLF', fence(whole).replaceAll('\n', '\r\n'), 'fenced-function', `${context}\n${whole}`],
    ['a fence that never ends', `\`\`\`python\n${whole}`, 'fenced-function', `${context}\n${whole}`],
    [
      'the whole prompt repeated',
      fence(problem.prompt + body),
      'fenced-function',
      `${context}\n${problem.prompt}${body}`,
    ],
    ['an assignment', fence('total = sum\n'), 'fenced-function', `${context}\ntotal = sum\n`],
    [
      'a class with the name of the function in a method',
      fence('class A:\n    def total(xs): pass\n'),
      'fenced-other',
      `${context}\nclass A:\n    def total(xs): pass\n`,
    ],
    [
      'another function',
      fence('def totals(xs):\n    pass\n'),
      'fenced-other',
      `${context}\ndef totals(xs):\n    pass\n`,
    ],
    ['a block with the body', fence(body), 'fenced-body', problem.prompt + body],
    [
      'a body with tabs',
      fence('\tif xs:\n\t\treturn sum(xs)\n\treturn 0\n'),
      'fenced-body',
      `${problem.prompt}    if xs:\n        return sum(xs)\n    return 0\n`,
    ],
    ['the function without a fence', whole, 'raw-function', `${context}\n${whole}`],
    ['the body without a fence', body, 'raw-body', problem.prompt + body],
    [
      'a future import, which comes first',
      fence(`from __future__ import annotations\n${whole}`),
      'fenced-function',
      `from __future__ import annotations\n${context}\n${whole}`,
    ],
  ];
  test.each(cases)('%s', (_, output, branch, program) => {
    expect(assemblePython(problem, output)).toMatchObject({ branch, program });
  });

  test.each([
    ['a refusal', 'I cannot do that.'],
    ['nothing', ''],
    ['an empty block', '```python\n```'],
    ['prose that calls it', 'Use total(xs) there.'],
  ])('%s is no program', (_, output) => {
    expect(assemblePython(problem, output)).toBeUndefined();
  });

  test('takes linear time for a megabyte of fences', () => {
    const start = performance.now();
    assemblePython(problem, '```\nx\n```\n'.repeat(100_000));
    assemblePython(problem, '`'.repeat(1_000_000));
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('fencedBlocks', () => {
  test.each([
    ['a longer fence holds a shorter one', '````\n```\nx\n```\n````', ['```\nx\n```\n']],
    ['inline code is no fence', 'a ```x``` b', []],
    ['an info string with backticks is no fence', '``` a`b\nx', []],
    ['a closing fence has nothing behind it', '```py\nx\n``` y\nz\n```', ['x\n``` y\nz\n']],
    ['an indented fence in a list', '1. so:\n   ```python\n   x\n   ```', ['x\n']],
  ])('%s', (_, text, blocks) => {
    expect(fencedBlocks(text)).toEqual(blocks);
  });
});
