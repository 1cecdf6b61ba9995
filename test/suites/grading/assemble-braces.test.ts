/** From an answer to a program in a language with braces: which branch, and what the program is. */
import { describe, expect, test } from '@jest/globals';
import { assembleBraces, assembleContinuation, type BraceProblem } from '../../../suites/grading/assemble-braces.js';

const problems: Readonly<Record<string, BraceProblem>> = {
  java: {
    language: 'java',
    entryPoint: 'twice',
    prompt:
      'import java.util.*;\nimport java.io.*;\nclass Problem {\n    // Doubles.\n    public static long twice(long x) {\n',
  },
  cs: {
    language: 'cs',
    entryPoint: 'Twice',
    prompt:
      'using System;\nusing System.Linq;\nclass Problem {\n    // Doubles.\n    public static long Twice(long x) {\n',
  },
  cpp: {
    language: 'cpp',
    entryPoint: 'twice',
    prompt:
      '#include<assert.h>\n#include<bits/stdc++.h>\nunion Union_a{\n    long f0;\n};\n// Doubles.\nlong twice(long x) {\n',
  },
  js: { language: 'js', entryPoint: 'twice', prompt: '//Doubles.\nfunction twice(x){\n' },
  ts: { language: 'ts', entryPoint: 'twice', prompt: '//Doubles.\nfunction twice(x: number): number {\n' },
  php: { language: 'php', entryPoint: 'twice', prompt: '<?php\n// Doubles.\nfunction twice($x) {\n' },
  sh: { language: 'sh', entryPoint: 'twice', prompt: '#!/bin/bash\n# Doubles.\ntwice() {\n' },
};
const fence = (code: string) => `Sure.\n\`\`\`\n${code}\`\`\`\nDone.`;
const javaMethod = 'public static long twice(long x) { return 2 * x; }\n';
const jsFunction = 'function twice(x) {\n  return "}" + 2 * x; // }\n}\n';
const union = 'union Union_a{\n    long f0;\n};\n';

describe('a chat answer', () => {
  const cases: [language: string, name: string, output: string, branch: string, program: string][] = [
    [
      'java',
      'the whole class, with one import of its own',
      fence(`import java.util.*;\nimport java.nio.file.*;\nclass Problem {\n${javaMethod}}\n`),
      'fenced-function',
      `import java.io.*;\nimport java.util.*;\nimport java.nio.file.*;\nclass Problem {\n${javaMethod}}\n`,
    ],
    [
      'java',
      'a method without a class',
      fence(javaMethod),
      'fenced-method',
      `import java.util.*;\nimport java.io.*;\nclass Problem {\n${javaMethod}\n}\n`,
    ],
    [
      'java',
      'a class of another name, whose name is used inside',
      fence(`public class Solution {\n${javaMethod}static Solution one = new Solution();\n}\n`),
      'fenced-method',
      `import java.util.*;\nimport java.io.*;\npublic class Problem {\n${javaMethod}static Problem one = new Problem();\n}\n`,
    ],
    [
      'java',
      'braces that were forgotten',
      fence('class Problem {\n    public static long twice(long x) {\n        return 2 * x;\n'),
      'fenced-function-closed',
      'import java.util.*;\nimport java.io.*;\nclass Problem {\n    public static long twice(long x) {\n        return 2 * x;\n\n}\n}\n',
    ],
    [
      'java',
      'a body',
      fence('        return 2 * x;\n'),
      'fenced-body',
      `${problems.java?.prompt}        return 2 * x;\n\n}\n}\n`,
    ],
    [
      'cs',
      'an expression for a body',
      fence('public static long Twice(long x) => 2 * x;\n'),
      'fenced-method',
      'using System;\nusing System.Linq;\nclass Problem {\npublic static long Twice(long x) => 2 * x;\n\n}\n',
    ],
    [
      'cpp',
      'a function, a main, and the types of the prompt left out',
      fence('#include <vector>\nlong twice(long x) { return 2 * x; }\nint main() { return twice(1) != 2; }\n'),
      'fenced-function',
      `#include<assert.h>\n#include<bits/stdc++.h>\n${union}#include <vector>\nlong twice(long x) { return 2 * x; }\nint main() { return twice(1) != 2; }\n`,
    ],
    [
      'cpp',
      'the types of the prompt repeated',
      fence(`${union}long twice(long x) { return 2 * x; }\n`),
      'fenced-function',
      `#include<assert.h>\n#include<bits/stdc++.h>\n${union}long twice(long x) { return 2 * x; }\n`,
    ],
    [
      'cpp',
      'only a call of it',
      fence('int main() { return twice(2); }\n'),
      'fenced-other',
      `#include<assert.h>\n#include<bits/stdc++.h>\n${union}int main() { return twice(2); }\n`,
    ],
    ['js', 'braces in texts and comments', fence(jsFunction), 'fenced-function', jsFunction],
    [
      'js',
      'the last of several blocks that define it',
      `${fence('function twice(x) {}\n')}\nBetter:\n${fence(jsFunction)}\nUse:\n${fence('twice(2);\n')}`,
      'fenced-function',
      jsFunction,
    ],
    ['js', 'a constant', fence('const twice = (x) => 2 * x;\n'), 'fenced-function', 'const twice = (x) => 2 * x;\n'],
    [
      'js',
      'a closing brace that is missing',
      fence('function twice(x) {\n  return 2 * x;\n'),
      'fenced-function-closed',
      'function twice(x) {\n  return 2 * x;\n\n}\n',
    ],
    [
      'ts',
      'an export, type parameters',
      fence('export function twice<T>(x: T): T { return x; }\n'),
      'fenced-function',
      'export function twice<T>(x: T): T { return x; }\n',
    ],
    [
      'ts',
      'CRLF',
      fence('function twice(x: number) { return 2 * x; }\n').replaceAll('\n', '\r\n'),
      'fenced-function',
      'function twice(x: number) { return 2 * x; }\n',
    ],
    [
      'php',
      'its tags once',
      fence('<?php\nfunction twice($x) { return 2 * $x; }\n?>\n'),
      'fenced-function',
      '<?php\nfunction twice($x) { return 2 * $x; }\n',
    ],
    [
      'php',
      'another case of letters, no tag',
      fence('function Twice($x) { return 2 * $x; }\n'),
      'fenced-function',
      '<?php\nfunction Twice($x) { return 2 * $x; }\n',
    ],
    [
      'sh',
      'the other way to define',
      fence('#!/usr/bin/env bash\nfunction twice {\n  echo $((2 * $1))\n}\n'),
      'fenced-function',
      '#!/bin/bash\nfunction twice {\n  echo $((2 * $1))\n}\n',
    ],
    [
      'sh',
      'a body without its brace',
      fence('    echo $((2 * $1))\n'),
      'fenced-body',
      `${problems.sh?.prompt}    echo $((2 * $1))\n\n}\n`,
    ],
    ['sh', 'no fence', 'twice() {\n  echo 2\n}\n', 'raw-function', '#!/bin/bash\ntwice() {\n  echo 2\n}\n'],
  ];
  test.each(cases)('in %s: %s', (language, _, output, branch, program) => {
    const assembly = assembleBraces(problems[language] as BraceProblem, output);
    expect(assembly?.program).toBe(program);
    expect(assembly?.branch).toBe(branch);
  });

  test.each(Object.keys(problems))('in %s of words alone is no program', (language) => {
    expect(assembleBraces(problems[language] as BraceProblem, 'I cannot do that.')).toBeUndefined();
  });

  test('that was cut off in the middle gets no braces', () => {
    const code = 'function twice(x) {\n  if (x) { if (x > 1) { if (x > 2) {\n';
    expect(assembleBraces(problems.js as BraceProblem, fence(code))?.branch).toBe('fenced-function');
  });
});

test.each([
  ['java', '\n    }\n}\n'],
  ['cs', '\n    }\n}\n'],
  ['cpp', '\n}\n'],
  ['sh', '\n}\n'],
  ['js', ''],
  ['ts', ''],
  ['php', ''],
])('a continuation in %s gets what the published test closes', (language, closing) => {
  const problem = problems[language] as BraceProblem;
  expect(assembleContinuation(problem, 'body')).toEqual({
    program: `${problem.prompt}body${closing}`,
    code: 'body',
    branch: 'completion',
  });
});
