/** The page's data, the language it is shown in, and who wants to know when that or the colours change. */
/// <reference lib="dom" />
import type { PageData } from '../page-data.js';
import type { Language, TextRef } from '../text.js';
import { translate } from './translate.js';

/** The JSON in the page's element `id`. */
export function readData<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null') as T;
}

export const pageData: PageData = readData<PageData>('page-data');

export function currentLanguage(): Language {
  return document.documentElement.lang.startsWith('zh') ? 'zh' : 'en';
}

export function say(ref: TextRef): string {
  return translate(pageData.dictionary, currentLanguage(), ref);
}

type Listener = () => void;

const listeners: Listener[] = [];

/** `listener` is called after the language or the colours changed, and before and after printing. */
export function onAppearance(listener: Listener): void {
  listeners.push(listener);
}

export function announceAppearance(): void {
  for (const listener of listeners) listener();
}

/** The reader's choices are kept where the browser keeps anything for pages opened from disk. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`evalrun-${name}`, value);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`evalrun-${name}`);
  } catch {
    return null;
  }
}
