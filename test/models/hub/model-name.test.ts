import { describe, expect, test } from '@jest/globals';
import { checkpointName } from '../../../engine/checkpoint/checkpoint-name.js';
import {
  cacheFolderName,
  parseModelName,
  renderModelName,
  repositoryOf,
  requireModelName,
} from '../../../models/hub/model-name.js';

const commit = 'a'.repeat(40);

describe('a name of a model', () => {
  test.each([
    ['org/name', 'org/name', 'main'],
    ['deepseek-ai/DeepSeek-V2.5_x', 'deepseek-ai/DeepSeek-V2.5_x', 'main'],
    ['a/b', 'a/b', 'main'],
    ['org/name@v1.0', 'org/name', 'v1.0'],
    ['org/name@refs/pr/1', 'org/name', 'refs/pr/1'],
    [`org/name@${commit}`, 'org/name', commit],
  ])('%s', (text, repository, revision) => {
    expect(parseModelName(text)).toEqual({ repository, revision });
    expect(renderModelName({ repository, revision })).toBe(text);
    expect(repositoryOf(cacheFolderName(repository))).toBe(repository);
  });

  test.each([
    ...['', 'name', '/name', 'org/', 'a/b/c', '../name', 'org/..', './name', 'org/.name', 'org/name.', '-org/name'],
    ...[
      'org/na--me',
      'org/na..me',
      'org/name.git',
      'org/na me',
      'org\\name',
      'org/na\u0000me',
      'org/name?x',
      'org/n%2fm',
    ],
    ...['org/name@', 'org/name@../x', 'org/name@/x', 'org/name@a//b', 'org/name@a/', 'org/name@.x', 'org/name@a/.x'],
    ...['org/name@a\\b', 'org/name@a@b', 'org/name@a b', 'org/name@x.lock', `org/${'n'.repeat(97)}`],
  ])('%p is none', (text) => {
    expect(parseModelName(text)).toBeUndefined();
  });

  test('may have its revision apart, but not twice', () => {
    expect(requireModelName('org/name', 'v1').revision).toBe('v1');
    expect(() => requireModelName('org/name@v1', 'v2')).toThrow(/revision/);
    expect(() => requireModelName('org/name', '../x')).toThrow(/revision/);
    expect(() => requireModelName('name')).toThrow(/org\/name/);
  });
});

test.each([
  [`/c/models--org--name/snapshots/${commit}`, 'org/name'],
  [`/c/models--gpt2/snapshots/${commit}/`, 'gpt2'],
  ['/models/DeepSeek-V2-Lite', 'DeepSeek-V2-Lite'],
  ['/c/snapshots/x', 'x'],
  ['/c/datasets--org--name/snapshots/x', 'x'],
])('the checkpoint in %s is called %s', (folder, name) => {
  expect(checkpointName(folder)).toBe(name);
});
