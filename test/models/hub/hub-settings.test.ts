import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hubSettings, hubToken } from '../../../models/hub/hub-settings.js';
import { temporaryFolders, writeFiles } from '../../datasets/temporary-folder.js';

const newFolder = temporaryFolders();

describe('the cache', () => {
  test.each<[env: Record<string, string>, cache: string]>([
    [{}, '/home/me/.cache/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/xdg' }, '/xdg/huggingface/hub'],
    [{ HF_HOME: '/hf' }, '/hf/hub'],
    [{ HF_HOME: '~/hf' }, '/home/me/hf/hub'],
    [{ HF_HOME: '$WHERE/hf', WHERE: '/there' }, '/there/hf/hub'],
    [{ HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/new/' }, '/new'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a shell leaves it in single quotes
    [{ HF_HUB_CACHE: '${HOME}/models' }, '/home/me/models'],
    [{ HF_HUB_CACHE: 'relative' }, path.resolve('relative')],
  ])('%p -> %s', (env, cache) => {
    expect(hubSettings({ HOME: '/home/me', ...env }).cache).toBe(cache);
  });
});

describe('the endpoint', () => {
  test.each([
    [undefined, 'https://huggingface.co'],
    ['', 'https://huggingface.co'],
    ['https://mirror.example/hf/', 'https://mirror.example/hf'],
    ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
  ])('%p -> %s', (HF_ENDPOINT, endpoint) => {
    expect(hubSettings({ ...(HF_ENDPOINT !== undefined && { HF_ENDPOINT }) }).endpoint).toBe(endpoint);
  });

  test.each(['mirror.example', 'file:///x', 'https://'])('%p is no address', (HF_ENDPOINT) => {
    expect(() => hubSettings({ HF_ENDPOINT })).toThrow(/HF_ENDPOINT is not/);
  });

  test.each(['https://me:hush@mirror.example', 'https://hush@mirror.example', 'https://mirror.example/?hush'])(
    '%p is refused without repeating it',
    (HF_ENDPOINT) => {
      expect(() => hubSettings({ HF_ENDPOINT })).toThrow(/^(?!.*hush).*not usable/);
    },
  );
});

describe('offline mode', () => {
  test.each([
    ['1', true],
    ['on', true],
    ['YES', true],
    ['true', true],
    ['0', false],
    ['', false],
    ['no', false],
  ])('HF_HUB_OFFLINE=%s: %p', (HF_HUB_OFFLINE, offline) => {
    expect(hubSettings({ HF_HUB_OFFLINE }).offline).toBe(offline);
  });
});

describe('the token', () => {
  test('is HF_TOKEN, else its old name, else the file in HF_HOME or at HF_TOKEN_PATH, else none', () => {
    const home = newFolder();
    const env = { HF_HOME: home };
    expect(hubToken(env)).toBeUndefined();
    writeFiles(home, { token: ' hf_file\n', other: 'hf_other' });
    expect(hubToken(env)).toEqual({ value: 'hf_file', source: path.join(home, 'token') });
    expect(hubToken({ ...env, HF_TOKEN_PATH: path.join(home, 'other') })?.value).toBe('hf_other');
    expect(hubToken({ ...env, HUGGING_FACE_HUB_TOKEN: 'hf_old' })?.value).toBe('hf_old');
    expect(hubToken({ ...env, HUGGING_FACE_HUB_TOKEN: 'hf_old', HF_TOKEN: 'hf_new\n' })).toEqual({
      value: 'hf_new',
      source: 'HF_TOKEN',
    });
    expect(hubToken({ ...env, HF_TOKEN: ' ' })?.value).toBe('hf_file');
    expect(hubToken({ ...env, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toBeUndefined();
  });

  test.each(['hf_a b', 'hf_a\nx-evil: 1', 'hf_é', 'hf_\u0007'])('%p is refused without repeating it', (HF_TOKEN) => {
    const fault = (() => {
      try {
        hubToken({ HF_TOKEN });
      } catch (error) {
        return String(error);
      }
      return '';
    })();
    expect(fault).toMatch(/HF_TOKEN does not hold a token/);
    expect(fault).not.toContain(HF_TOKEN);
  });
});
