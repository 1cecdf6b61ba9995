/** The languages besides Python that the sandbox can run, and which of them this machine has. */
import { javascript } from './javascript.js';
import type { Language, LanguageName } from './language.js';

export const languages: readonly Language[] = [javascript];

/** @throws nothing: names come from a type */
export function languageNamed(name: LanguageName): Language | undefined {
  return languages.find((language) => language.name === name);
}
