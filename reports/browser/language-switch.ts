/** Shows the page in the other language: every text that came from the dictionary is written again. */
/// <reference lib="dom" />
import type { Language, TextArguments } from '../text.js';
import { announceAppearance, currentLanguage, recall, remember, say } from './page-state.js';

/** Attribute that holds a key -> attribute that holds the text. */
const attributes: Readonly<Record<string, string>> = {
  'data-t-label': 'aria-label',
  'data-t-placeholder': 'placeholder',
};

function showLanguage(language: Language): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]')) writeText(element);
  for (const [source, target] of Object.entries(attributes)) {
    for (const element of document.querySelectorAll(`[${source}]`)) {
      element.setAttribute(target, say({ key: element.getAttribute(source) ?? '' }));
    }
  }
  announceAppearance();
}

/** Writes the text that `element` names. */
export function writeText(element: HTMLElement): void {
  const { t = '', a } = element.dataset;
  const args = a === undefined ? undefined : (JSON.parse(a) as TextArguments);
  element.textContent = say(args === undefined ? { key: t } : { key: t, args });
}

export function startLanguageSwitch(): void {
  document.getElementById('language-switch')?.addEventListener('click', () => {
    const next = currentLanguage() === 'zh' ? 'en' : 'zh';
    remember('language', next);
    showLanguage(next);
  });
  const chosen = recall('language');
  if ((chosen === 'en' || chosen === 'zh') && chosen !== currentLanguage()) showLanguage(chosen);
}
