/** A gate's decision as GitHub Actions reads it from the log of a job. */
import type { GatedSuite, GateResult } from '../runner/gate/gate-result.js';

const levels: Readonly<Record<GatedSuite['effect'], 'error' | 'warning' | undefined>> = {
  fail: 'error',
  'cannot-tell': 'error',
  warn: 'warning',
  pass: undefined,
};

/** One workflow command per suite that did not pass. */
export function renderAnnotations({ suites }: GateResult): string[] {
  return Object.entries(suites).flatMap(([name, { effect, outcome, explanation }]) => {
    const level = levels[effect];
    return level === undefined ? [] : [annotation(level, `${name}: ${outcome}`, explanation)];
  });
}

/**
 * `::error title=T::message`. Unescaped, text of a run could end the command and begin another one.
 * (actions/toolkit, packages/core/src/command.ts: escapeProperty and escapeData.)
 */
export function annotation(level: 'error' | 'warning', title: string, message: string): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  // Other control characters would reach the log's reader.
  const plain = (text: string) => text.replaceAll(/(?![\r\n])[\p{Cc}\u2028\u2029]/gu, ' ');
  return `::${level} title=${property(plain(title))}::${data(plain(message))}`;
}
