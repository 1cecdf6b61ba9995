/** Which languages the suite humaneval-mul can run here; a run proves each of them in the sandbox before it is used. */
import { languages } from '../runner/sandbox/languages/languages.js';
import type { Finding } from './doctor.js';

/** One line for each language besides Python: its toolchain, or what to install. */
export async function inspectLanguages(): Promise<Finding[]> {
  return Promise.all(
    languages.map(async ({ title, install, find }): Promise<Finding> => {
      const found = await find();
      const name = `${title} programs`;
      if (typeof found !== 'string') return { name, state: 'ok', found: found.version };
      return { name, state: 'note', found, todo: `${install} to score it in humaneval-mul` };
    }),
  );
}
