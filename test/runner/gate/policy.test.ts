import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadPolicy, parsePolicy, ruleOf } from '../../../runner/gate/policy.js';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { errorOf } from '../../engine/thrown-error.js';

describe('a policy', () => {
  test('gives every suite its rules, with defaults written out', () => {
    const policy = parsePolicy(
      'max_drop: 0.02\nsuites:\n  mmlu: { max_drop: 0.005, min_accuracy: 0.6 }\n  ceval: { tier: advisory }\n  cmmlu: { tier: supporting, required: false }\n',
      'gate.yaml',
    );
    expect(ruleOf(policy, 'mmlu')).toEqual({ tier: 'critical', maxDrop: 0.005, minAccuracy: 0.6, required: true });
    expect(ruleOf(policy, 'ceval')).toEqual({ tier: 'advisory', maxDrop: 0.02, minAccuracy: null, required: false });
    expect(ruleOf(policy, 'cmmlu')).toMatchObject({ tier: 'supporting', required: false });
    expect(ruleOf(policy, 'humaneval')).toEqual({ tier: 'critical', maxDrop: 0.02, minAccuracy: null, required: true });
    expect(ruleOf({}, 'constructor')).toEqual({ tier: 'critical', maxDrop: 0.01, minAccuracy: null, required: true });
  });

  test('of nothing is every default', () => {
    expect(parsePolicy('', 'gate.yaml')).toEqual({});
    expect(parsePolicy('# only a comment\n', 'gate.yaml')).toEqual({});
  });

  const wrong: [name: string, text: string, said: RegExp][] = [
    [
      'an unknown key',
      'max_dorp: 0.1',
      /the policy: Unrecognized key.*max_dorp.*; known are max_drop, tier, missing_baseline, suites/,
    ],
    [
      'an unknown rule',
      'suites: { mmlu: { drop: 1 } }',
      /"suites\.mmlu": Unrecognized key.*drop.*; known are tier, max_drop, min_accuracy, required/,
    ],
    ['an unknown tier', 'tier: vital', /"tier".*critical/],
    ['percent where a ratio is asked', 'max_drop: 1.5', /"max_drop"/],
    ['a negative drop', 'suites: { mmlu: { max_drop: -0.1 } }', /"suites\.mmlu\.max_drop"/],
    ['a list', '- mmlu', /the policy/],
    ['no YAML', 'a: [1', /Expected YAML/],
    ['the same suite twice', 'suites: { mmlu: {}, mmlu: {} }', /unique/],
    [
      'aliases that grow without end',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replaceAll(
        /./g,
        (key) =>
          `${key}: &${key} [${Array(9)
            .fill(`*${String.fromCharCode(key.charCodeAt(0) - 1)}`)
            .join(',')}]\n`,
      )}`,
      /Expected YAML, found .*alias/,
    ],
  ];
  test.each(wrong)('with %s is refused in words', (_, text, said) => {
    const message = errorOf(() => parsePolicy(text, 'gate.yaml'));
    expect(message).toMatch(/^usage\/policy: The policy gate\.yaml is not usable\./);
    expect(message).toMatch(said);
    expect(message).not.toContain('\n');
  });

  const newFolder = temporaryFolders();
  test('is read from a file, which must be there', async () => {
    const file = path.join(newFolder(), 'gate.yaml');
    await expect(loadPolicy(file)).rejects.toMatchObject({
      code: 'usage/policy',
      message: expect.stringMatching(/ENOENT/),
    });
    writeFileSync(file, 'tier: advisory\n');
    expect(await loadPolicy(file)).toEqual({ tier: 'advisory' });
  });
});
