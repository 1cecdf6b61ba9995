/** The languages besides Python that the sandbox can run, and which of them this machine has. */
import { EvalrunError } from '../../../errors.js';
import { bash } from './bash.js';
import { cpp } from './cpp.js';
import { csharp } from './csharp.js';
import { java } from './java.js';
import { javascript } from './javascript.js';
import type { Language, LanguageName } from './language.js';
import { php } from './php.js';
import { typescript } from './typescript.js';

export const languages: readonly Language[] = [cpp, java, csharp, javascript, typescript, php, bash];

const byName = new Map(languages.map((language) => [language.name, language]));

/** Throws `internal/language` for a name without a language. */
export function languageNamed(name: LanguageName): Language {
  const language = byName.get(name);
  if (language !== undefined) return language;
  throw new EvalrunError('internal/language', { what: `the sandbox has no language ${name}` });
}
