/** The languages besides Python that the sandbox can run, and which of them this machine has. */
import { bash } from './bash.js';
import { cpp } from './cpp.js';
import { csharp } from './csharp.js';
import { java } from './java.js';
import { javascript } from './javascript.js';
import type { Language, LanguageName } from './language.js';
import { php } from './php.js';
import { typescript } from './typescript.js';

export const languages: readonly Language[] = [cpp, java, csharp, javascript, typescript, php, bash];

/** @throws nothing: names come from a type */
export function languageNamed(name: LanguageName): Language | undefined {
  return languages.find((language) => language.name === name);
}
