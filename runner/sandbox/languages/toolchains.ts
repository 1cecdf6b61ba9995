/** Toolchains that work: found, and proven by a program that passes. */
import { SandboxPool } from '../pool.js';
import type { SandboxOptions } from '../sandbox.js';
import type { Language, LanguageName, Toolchain } from './language.js';
import { languageNamed } from './languages.js';

/** A toolchain, or why there is none and what to do about it. */
type Finding = { readonly toolchain: Toolchain } | { readonly missing: string };

export interface Toolchains {
  readonly found: ReadonlyMap<LanguageName, Toolchain>;
  /** Why a language cannot be run here and what to do, as part of a sentence. */
  readonly missing: ReadonlyMap<LanguageName, string>;
}

/** What was found before in this process: a run asks when it is checked, planned and started. */
const known = new Map<string, Promise<Finding>>();

/** Throws `run/sandbox-missing` where nothing can be run. */
export async function findToolchains(names: readonly LanguageName[], options: SandboxOptions): Promise<Toolchains> {
  const findings = await Promise.all(
    names.map(async (name) => [name, await findOnce(languageNamed(name), options)] as const),
  );
  const found = new Map<LanguageName, Toolchain>();
  const missing = new Map<LanguageName, string>();
  for (const [name, finding] of findings) {
    if ('toolchain' in finding) found.set(name, finding.toolchain);
    else missing.set(name, finding.missing);
  }
  return { found, missing };
}

function findOnce(language: Language, options: SandboxOptions): Promise<Finding> {
  const key = JSON.stringify([language.name, options]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const finding = findAndProve(language, options);
  known.set(key, finding);
  // What failed may work when it is asked again.
  finding.catch(() => known.delete(key));
  return finding;
}

async function findAndProve(language: Language, options: SandboxOptions): Promise<Finding> {
  const toolchain = await language.find();
  if (typeof toolchain === 'string') return { missing: `${toolchain}; ${language.install}` };
  const defect = await findDefect(language, toolchain, options);
  return defect === undefined
    ? { toolchain }
    : { missing: `${toolchain.version} does not work in the sandbox (${defect})` };
}

/** Runs a program that must pass. That others do not is for the tests of the two programs of each language to show. */
async function findDefect(
  language: Language,
  toolchain: Toolchain,
  options: SandboxOptions,
): Promise<string | undefined> {
  const { name, proof } = language;
  const toolchains = new Map([[name, toolchain]]);
  const pool = await SandboxPool.open({ ...options, toolchains, workers: 1, repeatFailures: false });
  try {
    const { status, detail } = await pool.run({ ...proof, language: name });
    return status === 'passed' ? undefined : `${status}: ${detail}`;
  } finally {
    await pool.close();
  }
}
