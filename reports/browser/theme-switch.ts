/** Light or dark: as the system has it, until the reader chooses. Paper is always light. */
/// <reference lib="dom" />
import { announceAppearance, recall, remember } from './page-state.js';

let printing = false;

export function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  if (printing) return false;
  return theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}

/** Opened for paper, to be closed again after it. */
const unfolded: HTMLDetailsElement[] = [];

function setPrinting(value: boolean): void {
  printing = value;
  if (value) unfolded.push(...document.querySelectorAll<HTMLDetailsElement>('details:not([open])'));
  for (const details of unfolded) details.open = value;
  if (!value) unfolded.length = 0;
  announceAppearance();
}

export function startThemeSwitch(): void {
  const chosen = recall('theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  document.getElementById('theme-switch')?.addEventListener('click', () => {
    const next = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    remember('theme', next);
    announceAppearance();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', announceAppearance);
  addEventListener('beforeprint', () => setPrinting(true));
  addEventListener('afterprint', () => setPrinting(false));
}
