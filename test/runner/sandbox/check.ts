/** Wraps one assert, or several lines of them, as a HumanEval test. */
export function check(...lines: readonly string[]): string {
  return `def check(candidate):\n${lines.map((line) => `    ${line}\n`).join('')}`;
}
