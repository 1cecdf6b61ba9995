/** Markdown from plain values: text that stays text, and tables. */
import { escapeMarkdown } from './run-markdown.js';
import { visibleText } from './visible-text.js';

/** On one line; what would act, in a terminal or as markup, is shown instead. */
export function markdownText(value: string): string {
  return escapeMarkdown(visibleText(value));
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
