/** Which languages besides Python this machine can run; tests of the others skip with the reason in their name. */
import { describe } from '@jest/globals';
import type { LanguageName } from '../../../../runner/sandbox/languages/language.js';
import { languages } from '../../../../runner/sandbox/languages/languages.js';
import { findToolchains, type Toolchains } from '../../../../runner/sandbox/languages/toolchains.js';
import { sandboxStatus } from '../../../../runner/sandbox/status.js';

const { rung, missing = 'no sandbox' } = await sandboxStatus();

/** Empty without a sandbox. */
export const here: Toolchains =
  rung === 'none'
    ? { found: new Map(), missing: new Map(languages.map(({ name }) => [name, missing])) }
    : await findToolchains(
        languages.map(({ name }) => name),
        {},
      );

/** Tests of one language. */
export function describeLanguage(name: LanguageName, body: () => void): void {
  const why = here.missing.get(name);
  if (why === undefined) describe(name, body);
  else describe.skip(`${name} (skipped: ${why})`, body);
}
