/** What determines a run's result, as named values, so that two runs can be told apart in words. */
import { createHash } from 'node:crypto';
import { deviceWithoutIndex } from '../engine/device.js';
import type { RunRecord, SuiteRecord } from './run-record.js';

export interface Difference {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

type Unsealed = Omit<RunRecord, 'fingerprint'>;

/**
 * Everything in a run record that can change a line of samples.jsonl. Threads, batch size, drafting (MTP), paths and
 * times are not among it: the engine promises the same bits whatever they are.
 */
export function determinants(record: Unsealed): Map<string, string> {
  const { evalrun, settings, model, engine, suites } = record;
  const values = new Map<string, string>([
    ['evalrun version', evalrun.version],
    ['evalrun commit', evalrun.commit ?? 'none'],
    ['suites', suites.map((suite) => suite.suite).join(',')],
    ['model type', model.type],
    ['model weights', model.weight_fingerprint],
    ['tokenizer', model.tokenizer_sha256],
    ['context length', String(model.context_length)],
    ['engine', engine.kind],
    ['dtype', engine.dtype],
    ['device', deviceWithoutIndex(engine.device)],
    ['seed', String(settings.seed)],
    ['limit', settings.limit === null ? 'none' : String(settings.limit)],
  ]);
  if (record.shard !== undefined) values.set('shard', `${record.shard.index}/${record.shard.count}`);
  for (const [op, kernel] of Object.entries(engine.kernels)) values.set(`kernel ${op}`, kernel);
  for (const [name, value] of Object.entries(engine.numerics)) values.set(`numerics ${name}`, String(value));
  for (const suite of suites) for (const [name, value] of suiteDeterminants(suite)) values.set(name, value);
  if (record.sandbox !== undefined) {
    const { rung, python, packages, toolchains = {}, limits } = record.sandbox;
    values.set('sandbox', `${rung}, Python ${python}`);
    values.set('sandbox packages', JSON.stringify(packages));
    for (const [name, version] of Object.entries(toolchains)) values.set(`toolchain ${name}`, version);
    for (const [name, value] of Object.entries(limits)) values.set(`sandbox ${name}`, String(value));
  }
  return values;
}

function* suiteDeterminants(suite: SuiteRecord): Generator<[string, string]> {
  const name = suite.suite;
  yield [`${name} protocol`, suite.protocol];
  yield [`${name} version`, String(suite.version)];
  yield [`${name} shots`, String(suite.shots)];
  yield [`${name} subjects`, Object.keys(suite.groups).join(',')];
  // Where answers are written, these are the samples of a question, among the settings of generation below.
  if (suite.generation === undefined) {
    yield [`${name} samples`, String(Object.values(suite.groups).reduce((sum, n) => sum + n, 0))];
  }
  for (const [subject, ids] of Object.entries(suite.few_shot_ids)) yield [`${name} shots of ${subject}`, ids.join(',')];
  for (const dataset of suite.datasets) {
    for (const file of dataset.files) yield [`${name} file ${file.path}`, file.sha256];
  }
  for (const [key, value] of Object.entries(suite.generation ?? {})) yield [`${name} ${key}`, JSON.stringify(value)];
  yield [`${name} prompts`, suite.prompts_sha256];
}

/** SHA-256 over the determinants, hex. */
export function fingerprintOf(record: Unsealed): string {
  const sorted = [...determinants(record)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/** The determinants in which two runs differ, `before` and `after`, in the order of the list above. */
export function differencesOf(before: Unsealed, after: Unsealed): Difference[] {
  const [old, now] = [determinants(before), determinants(after)];
  const names = new Set([...old.keys(), ...now.keys()]);
  const all = [...names].flatMap((name): Difference[] => {
    const [a, b] = [old.get(name) ?? 'none', now.get(name) ?? 'none'];
    return a === b ? [] : [{ name, before: a, after: b }];
  });
  // A different number of shots also changes the prompts: the consequence is named only when there is no cause.
  const asked = new Set(
    [before, after]
      .flatMap(({ suites }) => suites)
      .filter(isWritten)
      .map(({ suite }) => `${suite} samples`),
  );
  const causes = all.filter(({ name }) => asked.has(name) || !/ (prompts|samples|shots of .*)$/.test(name));
  return causes.length > 0 ? causes : all;
}

function isWritten({ generation }: SuiteRecord): boolean {
  return generation !== undefined;
}

const shown = 12;

/** One sentence naming the differences: `dtype: bf16 -> f32; seed: 0 -> 1`. */
export function renderDifferences(differences: readonly Difference[]): string {
  const lines = differences.slice(0, shown).map((d) => `${d.name}: ${short(d.before)} -> ${short(d.after)}`);
  if (differences.length > shown) lines.push(`and ${differences.length - shown} more`);
  return lines.join('; ');
}

function short(value: string): string {
  if (/^[0-9a-f]{40,}/.test(value)) return value.slice(0, 12) + value.slice(40).replace(/^[0-9a-f]+/, '');
  return value.length > 60 ? `${value.slice(0, 57)}...` : value;
}
