/** The policy of a gate: which suites decide, and by how much they may drop. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { EvalrunError } from '../../errors.js';
import { defaultMargin } from '../compare/compare-runs.js';
import { type Tier, tiers } from './gate-result.js';

const ratio = z.number().min(0).max(1);

const ruleSchema = z.strictObject({
  tier: z.enum(tiers).optional(),
  max_drop: ratio.optional(),
  min_accuracy: ratio.optional(),
  required: z.boolean().optional(),
});

const policySchema = z.strictObject({
  /** For suites that say nothing else. */
  max_drop: ratio.optional(),
  tier: z.enum(tiers).optional(),
  /** What a gate without a baseline does, as on the first night. */
  missing_baseline: z.enum(['error', 'undecided', 'pass']).optional(),
  suites: z.record(z.string(), ruleSchema).optional(),
});

export type GatePolicy = z.infer<typeof policySchema>;

/** The rules of one suite, every default written out. */
export interface SuiteRule {
  readonly tier: Tier;
  readonly maxDrop: number;
  readonly minAccuracy: number | null;
  /** Whether the gate cannot tell without it. */
  readonly required: boolean;
}

/** Policies are short; nobody wrote a longer one by hand, and aliases in YAML can stand for more than fits into memory. */
const longestPolicy = 2 ** 20;

/**
 * Text of a policy to a GatePolicy. Throws `usage/policy` naming what is not YAML, not known or not allowed.
 *
 * @example parsePolicy('suites: { mmlu: { tier: critical, max_drop: 0.005 } }', 'gate.yaml')
 */
export function parsePolicy(text: string, file: string): GatePolicy {
  let value: unknown;
  try {
    if (text.length > longestPolicy) throw new Error(`more than ${longestPolicy} characters`);
    value = parse(text, { maxAliasCount: 100 }) ?? {};
  } catch (cause) {
    throw unusable(file, 'YAML', cause instanceof Error ? cause.message : String(cause));
  }
  const parsed = policySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the policy' : `"${issue.path.join('.')}"`;
  const known = issue?.code === 'unrecognized_keys' ? `; known are ${knownKeys(issue.path).join(', ')}` : '';
  throw unusable(file, 'a policy as docs/gate.md has it', `${where}: ${issue?.message ?? 'an unknown defect'}${known}`);
}

/** Reads a policy. Throws `usage/policy`. */
export async function loadPolicy(file: string): Promise<GatePolicy> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw unusable(file, 'a file that can be read', (cause as NodeJS.ErrnoException).code ?? String(cause));
  }
  return parsePolicy(text, file);
}

export function ruleOf(policy: GatePolicy, suite: string): SuiteRule {
  const rules = policy.suites ?? {};
  const rule = Object.hasOwn(rules, suite) ? rules[suite] : undefined;
  const tier = rule?.tier ?? policy.tier ?? 'critical';
  return {
    tier,
    maxDrop: rule?.max_drop ?? policy.max_drop ?? defaultMargin,
    minAccuracy: rule?.min_accuracy ?? null,
    required: rule?.required ?? tier !== 'advisory',
  };
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  return Object.keys(path.length === 0 ? policySchema.shape : ruleSchema.shape);
}

function unusable(file: string, expected: string, found: string): EvalrunError {
  return new EvalrunError('usage/policy', {
    what: `The policy ${file} is not usable`,
    expected,
    found: found.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, ''),
    todo: 'see docs/gate.md',
  });
}
