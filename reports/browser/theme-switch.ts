/** Light or dark: as the system has it, until the reader chooses. Paper is always light. */
/// <reference lib="dom" />
import { announceAppearance, recall, remember } from './page-state.js';

let printing = false;

export function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  if (printing) return false;
  return theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}

function setPrinting(value: boolean): void {
  printing = value;
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
