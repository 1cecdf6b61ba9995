/** Whether two runs asked the same questions in the same way, and in what else they differ. */
import { deviceWithoutIndex } from '../../engine/device.js';
import { EvalrunError } from '../../errors.js';
import { type Difference, renderDifferences } from '../fingerprint.js';
import type { RunRecord, SuiteRecord } from '../run-record.js';
import type { Differing } from './comparison.js';
import type { StoredRun, StoredSample } from './stored-run.js';

/** What a caller may declare to be the point of the comparison. Questions and keys must be the same whatever is allowed. */
export const allowances = ['shots', 'chat', 'max-tokens', 'sampling', 'sandbox'] as const;
export type Allowance = (typeof allowances)[number];

interface Field {
  readonly name: string;
  readonly value: string;
  readonly allowance?: Allowance;
}

/**
 * Throws `run/not-comparable`, naming each field as `baseline -> candidate`, unless the suites that both runs have asked the same
 * questions with the same prompts, keys, data, protocol and generation settings. Returns what differs and may: the model and how it was
 * run, and what `allow` names.
 */
export function checkComparable(
  baseline: StoredRun,
  candidate: StoredRun,
  allow: readonly Allowance[] = [],
): Differing[] {
  const suites = baseline.record.suites.filter(({ suite }) => candidate.samples.has(suite));
  if (suites.length === 0) {
    const names = ({ record }: StoredRun) => record.suites.map(({ suite }) => suite).join(', ');
    throw notComparable(baseline, candidate, `no suite in common: ${names(baseline)} -> ${names(candidate)}`, []);
  }
  const settings = suites.flatMap((suite) => {
    const other = candidate.record.suites.find((found) => found.suite === suite.suite);
    return other === undefined ? [] : differing([...suiteFields(suite)], [...suiteFields(other)]);
  });
  const executes = suites.some(({ generation }) => generation?.executes);
  const sandboxes = executes
    ? differing([...sandboxFields(baseline.record)], [...sandboxFields(candidate.record)])
    : [];
  const found = [...settings, ...sandboxes];
  const refused = found.filter(({ allowance }) => allowance === undefined || !allow.includes(allowance));
  if (refused.length > 0) {
    const list = refused.map(({ name, before, after }) => ({ name, before, after }));
    throw notComparable(baseline, candidate, renderDifferences(list), refused);
  }
  for (const { suite } of suites) checkQuestions(baseline, candidate, { suite, allow });
  const arms = differing([...armFields(baseline.record)], [...armFields(candidate.record)]);
  const listed = (differences: readonly FieldDifference[], allowed: boolean) =>
    differences.map(({ name, before, after }) => ({ field: name, baseline: before, candidate: after, allowed }));
  return [...listed(arms, false), ...listed(found, true)];
}

interface FieldDifference extends Difference {
  readonly allowance: Allowance | undefined;
}

function differing(a: readonly Field[], b: readonly Field[]): FieldDifference[] {
  const [before, after] = [
    new Map(a.map((field) => [field.name, field])),
    new Map(b.map((field) => [field.name, field])),
  ];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name): FieldDifference[] => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old?.value === now?.value) return [];
    const allowance = (old ?? now)?.allowance;
    return [{ name, before: old?.value ?? 'none', after: now?.value ?? 'none', allowance }];
  });
}

function* suiteFields(suite: SuiteRecord): Generator<Field> {
  const field = (name: string, value: unknown, allowance?: Allowance): Field => ({
    name: `${suite.suite} ${name}`,
    value: typeof value === 'string' ? value : JSON.stringify(value),
    ...(allowance && { allowance }),
  });
  yield field('protocol', suite.protocol);
  yield field('version', suite.version);
  yield field('average', suite.average);
  yield field('shots', suite.shots, 'shots');
  for (const [subject, ids] of Object.entries(suite.few_shot_ids))
    yield field(`shots of ${subject}`, ids.join(','), 'shots');
  for (const { id, files } of suite.datasets) {
    for (const { path, sha256 } of files) yield field(`data ${id} ${path}`, sha256);
  }
  const { generation } = suite;
  if (generation === undefined) return;
  yield field('asks', generation.asks, 'chat');
  yield field('chat template', generation.chat_template_sha256, 'chat');
  yield field('stop', generation.stop, 'chat');
  yield field('max_tokens', generation.max_tokens, 'max-tokens');
  yield field('temperature', generation.temperature, 'sampling');
  yield field('top_p', generation.top_p, 'sampling');
  yield field('top_k', generation.top_k, 'sampling');
  yield field('min_p', generation.min_p, 'sampling');
  yield field('samples', generation.samples);
  yield field('executes', generation.executes);
}

function* sandboxFields({ sandbox }: RunRecord): Generator<Field> {
  const field = (name: string, value: string): Field => ({ name: `sandbox ${name}`, value, allowance: 'sandbox' });
  yield field('rung', sandbox?.rung ?? 'none');
  yield field('Python', sandbox?.python ?? 'none');
  yield field('packages', JSON.stringify(sandbox?.packages ?? {}));
  for (const [name, value] of Object.entries(sandbox?.limits ?? {})) yield field(name, String(value));
}

/** Everything else that can change an answer, or its cost. */
function* armFields({ evalrun, settings, model, engine }: RunRecord): Generator<Field> {
  yield { name: 'model', value: model.name };
  yield { name: 'model weights', value: model.weight_fingerprint };
  yield { name: 'tokenizer', value: model.tokenizer_sha256 };
  yield { name: 'dtype', value: engine.dtype };
  yield { name: 'device', value: deviceWithoutIndex(engine.device) };
  yield { name: 'engine', value: engine.kind };
  for (const [op, kernel] of Object.entries(engine.kernels)) yield { name: `kernel ${op}`, value: kernel };
  for (const [name, value] of Object.entries(engine.numerics)) yield { name: `numerics ${name}`, value: String(value) };
  yield { name: 'seed', value: String(settings.seed) };
  yield { name: 'threads', value: String(engine.threads) };
  yield { name: 'batch tokens', value: String(settings.batch_tokens ?? 'default') };
  yield { name: 'evalrun version', value: evalrun.version };
  yield { name: 'evalrun commit', value: evalrun.commit ?? 'none' };
}

interface QuestionCheck {
  readonly suite: string;
  readonly allow: readonly Allowance[];
}

/** The same samples, keys and prompts, as far as both runs have them. A sample that an unfinished run lacks is no difference. */
function checkQuestions(baseline: StoredRun, candidate: StoredRun, { suite, allow }: QuestionCheck): void {
  const [a, b] = [baseline, candidate].map((run) => run.samples.get(suite) ?? new Map<string, StoredSample>());
  if (a === undefined || b === undefined) return;
  const refuse = (what: string, samples: readonly StoredSample[]) => {
    if (samples.length === 0) return;
    const [first] = samples;
    throw notComparable(baseline, candidate, `${suite} ${what}: ${samples.length}, the first is ${first?.key}`, []);
  };
  const [planA, planB] = [baseline, candidate].map(({ record }) =>
    record.suites.find((found) => found.suite === suite),
  );
  const groups = (plan: SuiteRecord | undefined) => Object.entries(plan?.groups ?? {});
  const otherGroup = [...groups(planA), ...groups(planB)].find(
    ([group]) => planA?.groups[group] !== planB?.groups[group],
  );
  if (otherGroup !== undefined) {
    const [group] = otherGroup;
    const [before, after] = [planA, planB].map((plan) => plan?.groups[group] ?? 0);
    throw notComparable(baseline, candidate, `${suite} questions of ${group}: ${before} -> ${after}`, []);
  }
  // The plans are the same; what is planned and missing on one side counts as missing, not as another question.
  const isComplete = (samples: ReadonlyMap<string, StoredSample>) =>
    samples.size === groups(planA).reduce((sum, [, n]) => sum + n, 0);
  if (isComplete(b))
    refuse(
      'questions that only the baseline has',
      [...a.values()].filter(({ key }) => !b.has(key)),
    );
  if (isComplete(a))
    refuse(
      'questions that only the candidate has',
      [...b.values()].filter(({ key }) => !a.has(key)),
    );
  const both = [...a.values()].flatMap((sample) => {
    const other = b.get(sample.key);
    return other === undefined ? [] : [{ sample, other }];
  });
  const those = (differ: (pair: { sample: StoredSample; other: StoredSample }) => boolean) =>
    both.filter(differ).map(({ sample }) => sample);
  refuse(
    'keys that differ',
    those(({ sample, other }) => sample.target !== other.target),
  );
  refuse(
    'subjects that differ',
    those(({ sample, other }) => sample.group !== other.group),
  );
  if (allow.includes('shots') || allow.includes('chat')) return;
  refuse(
    'prompts that differ (prompt_sha256)',
    those(({ sample, other }) => sample.promptSha256 !== other.promptSha256),
  );
}

function notComparable(
  baseline: StoredRun,
  candidate: StoredRun,
  found: string,
  refused: readonly FieldDifference[],
): EvalrunError {
  const isAllowable = refused.length > 0 && refused.every(({ allowance }) => allowance !== undefined);
  const flags = [...new Set(refused.map(({ allowance }) => `--allow ${allowance}`))].join(' ');
  return new EvalrunError('run/not-comparable', {
    what: `${baseline.folder} and ${candidate.folder} cannot be compared`,
    expected: 'the same questions, prompts, keys, data, protocol and generation settings',
    found,
    todo: `run one of them again with the other's settings${
      isAllowable ? `, or, if this difference is what you want to measure, add ${flags}` : ''
    }`,
  });
}
