/** An attack of the catalogue: a program that tries something, and the answers that are right. */
import type { SandboxLimits } from '../limits.js';
import type { IsolatingRung } from '../sandbox.js';
import type { SandboxVerdict } from '../verdict.js';

export interface Attack {
  /** Row of the catalogue in ../README.md. */
  readonly row: number;
  readonly name: string;
  readonly program: string;
  readonly test: string;
  readonly entryPoint: string;
  /** Right answers as `answerOf` writes them. */
  readonly expected: readonly string[];
  readonly limits?: Partial<SandboxLimits>;
  readonly processes?: boolean;
  /** Rungs on which it means nothing, each with the reason. */
  readonly notOn?: Readonly<Partial<Record<IsolatingRung, string>>>;
}

/** `passed`, `timeout`, `failed(assertion)` ... */
export function answerOf({ status, kind }: SandboxVerdict): string {
  return kind === undefined ? status : `${status}(${kind})`;
}

/** A task that each of these programs gets wrong, so that only a forged verdict can be `passed`. */
const sumTest = `
import random
def check(candidate):
    for _ in range(10):
        x, y = random.randint(1, 1000), random.randint(1, 1000)
        assert candidate(x, y) == x + y
        assert abs(candidate(x, y) - x - y) < 1
    assert isinstance(candidate(2, 3), int)
`;

/** A program that has to make `add` look right. */
export function forgery(row: number, name: string, program: string, expected: string | readonly string[]): Attack {
  return { row, name, program, test: sumTest, entryPoint: 'add', expected: [expected].flat() };
}

const quietTest = `
def check(candidate):
    found = candidate()
    assert found == [], found
`;

/** Put before programs that look for a way out: each success is written down and returned. */
const searchPrelude = `
import os, sys
found = []
def attempt(name, action):
    try:
        result = action()
    except BaseException:
        return
    if result is not False:
        found.append(name)
`;

/** A program whose `search` returns what it could do; \`passed\` means that it could do nothing. */
export function breakout(row: number, name: string, body: string, options: Partial<Attack> = {}): Attack {
  const lines = body
    .trim()
    .split('\n')
    .map((line) => `    ${line}`);
  const program = `${searchPrelude}\ndef search():\n${lines.join('\n')}\n    return found\n`;
  return { row, name, program, test: quietTest, entryPoint: 'search', expected: ['passed'], ...options };
}
