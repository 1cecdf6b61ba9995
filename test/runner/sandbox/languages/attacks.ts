/** Programs in other languages that get the sum of two numbers wrong and try to pass: only a forged verdict could be `passed`. */
import type { CodeLanguage } from '../../../../suites/suite.js';

export interface LanguageAttack {
  readonly language: CodeLanguage;
  readonly name: string;
  readonly program: string;
  /** Right answers as `answerOf` writes them. */
  readonly expected: readonly string[];
}

const attack = (language: CodeLanguage, name: string, expected: string | readonly string[], program: string) => ({
  language,
  name,
  program,
  expected: [expected].flat(),
});

/** A frame of kind J that claims a pass, as escapes for printf and for C++: without the nonce of its task nothing counts. */
const forgedFrame = '\\000\\000\\000\\002JX';

const javaHead = 'import java.util.*;\nclass Problem {\n';
const csHead = 'using System;\nusing System.Collections.Generic;\nclass Problem {\n';
const wrong: Readonly<Record<CodeLanguage, string>> = {
  cpp: 'long add(long x, long y) { return 0; }\n',
  java: 'public static long add(long x, long y) { return 0; }\n',
  cs: 'public static long Add(long x, long y) { return 0; }\n',
  js: 'function add(x, y) { return 0; }\n',
  ts: 'function add(x: number, y: number): number { return 0; }\n',
  php: 'function add($x, $y) { return 0; }\n',
  sh: 'add() { echo 0; }\n',
};

export const languageAttacks: readonly LanguageAttack[] = [
  attack(
    'cpp',
    'a static initialiser exits with 0',
    'failed(crashed)',
    `#include <cstdlib>\nstatic int early = (std::_Exit(0), 0);\n${wrong.cpp}`,
  ),
  attack(
    'cpp',
    'NDEBUG, an assert that does nothing, and a main of its own',
    'failed(assertion)',
    `#define NDEBUG\n#include <cassert>\n#undef assert\n#define assert(x) ((void)0)\n${wrong.cpp}int main() { return 0; }\n`,
  ),
  attack(
    'cpp',
    'an answer that equals everything, and atexit',
    'failed(syntax)',
    '#include <cstdlib>\nstruct Liar { bool operator==(long) const { return true; } };\nLiar add(long x, long y) { atexit([] { _Exit(0); }); return {}; }\n',
  ),
  attack(
    'cpp',
    'a forged verdict on the channel',
    'failed(protocol)',
    `#include <unistd.h>\nlong add(long x, long y) { (void)!write(3, "${forgedFrame}", 6); return 0; }\n`,
  ),
  attack(
    'java',
    'a static initialiser exits with 0',
    'failed(crashed)',
    `${javaHead}static { System.exit(0); }\n${wrong.java}}\n`,
  ),
  attack(
    'java',
    'an answer that equals everything',
    ['failed(assertion)', 'failed(exception)'],
    `${javaHead}static class Liar extends ArrayList<Long> { public boolean equals(Object o) { return true; } }\n` +
      'public static Object add(long x, long y) { return new Liar(); }\n}\n',
  ),
  attack(
    'java',
    'a forged verdict on standard output, and halt',
    'failed(protocol)',
    `${javaHead}public static long add(long x, long y) throws Exception {\nnew java.io.FileOutputStream(java.io.FileDescriptor.out).write("\\000\\000\\000\\002JX".getBytes());\n` +
      'Runtime.getRuntime().halt(0); return 0; }\n}\n',
  ),
  attack(
    'cs',
    'a static constructor exits with 0',
    'failed(crashed)',
    `${csHead}static Problem() { Environment.Exit(0); }\n${wrong.cs}}\n`,
  ),
  attack(
    'cs',
    'an answer that equals everything',
    'failed(exception)',
    `${csHead}struct Liar { public override bool Equals(object o) { return true; } public override int GetHashCode() { return 0; } }\n` +
      'static object Add(long x, long y) { return new Liar(); }\n}\n',
  ),
  attack('js', 'process.exit(0) at the start', 'failed(crashed)', `process.exit(0);\n${wrong.js}`),
  attack('js', 'process.exit(0) in the function', 'failed(crashed)', 'function add() { process.exit(0); }\n'),
  attack(
    'js',
    'assert is patched, and its module as well',
    'failed(assertion)',
    `const assert = require('node:assert');\nfor (const name of Object.keys(assert)) assert[name] = () => {};\nconsole.assert = () => {};\n${wrong.js}`,
  ),
  attack(
    'js',
    'an exit hook that says all is well',
    'failed(exception)',
    `process.on('exit', () => { process.exitCode = 0; });\nfunction add() { throw new Error('no'); }\n`,
  ),
  attack(
    'js',
    'an answer that equals everything',
    ['failed(assertion)', 'failed(exception)'],
    'function add() { return { valueOf: () => 3, toString: () => "3", [Symbol.toPrimitive]: () => 3 }; }\n',
  ),
  attack(
    'js',
    'a forged verdict on the channel',
    'failed(protocol)',
    `function add() { require('node:fs').writeSync(3, Buffer.from([0, 0, 0, 2, 74, 88])); return 0; }\n`,
  ),
  attack(
    'js',
    'the test is looked for in files, arguments and /proc',
    'failed(assertion)',
    `function add(x, y) {
      const fs = require('node:fs');
      let seen = process.argv.join(' ') + JSON.stringify(process.env);
      for (const folder of ['.', '/tmp', '/proc/self', '/proc/self/fd']) {
        try { for (const name of fs.readdirSync(folder)) { try { seen += fs.readFileSync(folder + '/' + name, 'utf8'); } catch {} } } catch {}
      }
      return /assert[.]deepEqual|[0-9a-f]{32}/.test(seen) ? x + y : 0;
    }\n`,
  ),
  attack('js', 'a loop without end', 'timeout', 'function add() { for (;;); }\n'),
  attack('ts', 'process.exit(0) at the start', 'failed(crashed)', `process.exit(0);\n${wrong.ts}`),
  attack('php', 'die at the start', 'failed(crashed)', `<?php\ndie(0);\n${wrong.php}`),
  attack(
    'php',
    'exit in the function, with a shutdown function',
    'failed(crashed)',
    '<?php\nregister_shutdown_function(fn() => exit(0));\nfunction add($x, $y) { exit(0); }\n',
  ),
  attack(
    'php',
    'an answer of a class of its own',
    'failed(assertion)',
    '<?php\nclass Liar { public function __toString() { return "3"; } }\nfunction add($x, $y) { return new Liar(); }\n',
  ),
  attack(
    'php',
    'an unserialised surprise',
    'failed(assertion)',
    '<?php\nclass Liar { public function __wakeup() { echo "never"; } }\nfunction add($x, $y) { return [new Liar()]; }\n',
  ),
  attack('sh', 'exit 0 at the start', 'failed(crashed)', `exit 0\n${wrong.sh}`),
  attack('sh', 'exit 0 in the function', 'failed(assertion)', 'add() { exit 0; }\n'),
  attack(
    'sh',
    'a trap, an alias and a [[ of its own',
    'failed(assertion)',
    `trap 'exit 0' EXIT ERR\nshopt -s expand_aliases\nalias test=true\n${wrong.sh}`,
  ),
  attack(
    'sh',
    'the functions of the driver are replaced',
    'failed(protocol)',
    `send_text() { printf '${forgedFrame}' >&3; }\n${wrong.sh}`,
  ),
  attack(
    'sh',
    'a forged verdict on the channel',
    'failed(assertion)',
    `add() { printf '${forgedFrame}' >&3; echo 0; } 2>/dev/null\n`,
  ),
];

/** The same question to every language: `add(1, 2)`. */
export const sumTask: Readonly<Record<CodeLanguage, { prelude: string; test: string; entryPoint: string }>> = {
  cpp: {
    prelude: '#include<assert.h>\n#include<bits/stdc++.h>\nlong add(long x, long y) {\n',
    test: '}\nint main() {\n    auto candidate = add;\n    assert(candidate((1), (2)) == (3));\n    assert(candidate((5), (-2)) == (3));\n}\n',
    entryPoint: 'add',
  },
  java: {
    prelude: 'import java.util.*;\nclass Problem {\n    public static long add(long x, long y) {\n',
    test: '    }\n    public static void main(String[] args) {\n    assert(add((1l), (2l)) == (3l));\n    }\n\n}\n',
    entryPoint: 'add',
  },
  cs: {
    prelude:
      'using System;\nusing System.Diagnostics;\nclass Problem {\n    public static long Add(long x, long y) {\n',
    test: '    }\n    public static void Main(string[] args) {\n    Debug.Assert(Add((1L), (2L)) == (3L));\n    }\n\n}\n',
    entryPoint: 'Add',
  },
  js: {
    prelude: 'function add(x, y){\n',
    test: "const assert = require('node:assert');\n\nfunction test() {\n  let candidate = add;\n  assert.deepEqual(candidate(1, 2),3);\n}\n\ntest();",
    entryPoint: 'add',
  },
  ts: {
    prelude: 'function add(x: number, y: number): number {\n',
    test: "declare var require: any;\nconst assert = require('node:assert');\n\nfunction test() {\n  let candidate = add;\n  assert.deepEqual(candidate(1, 2),3);\n}\n\ntest();",
    entryPoint: 'add',
  },
  php: {
    prelude: '<?php\nfunction add($x, $y) {\n',
    test: 'function candidate(...$args) {\n    return add(...$args);\n}\n\nfunction test(): void {\n    if (candidate(1, 2) !== 3) { throw new Exception("Test failed!"); }\n}\n\ntest();',
    entryPoint: 'add',
  },
  sh: {
    prelude: '#!/bin/bash\nadd() {\n',
    test: '}\n\ncandidate() {\n    add "$@"\n}\n\nset -e\nrun_test() {\n    [[ $(candidate "1" "2") = "3" ]]\n}\n\nrun_test',
    entryPoint: 'add',
  },
};
