import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';
import { translate } from '../../reports/browser/translate.js';
import type { Dictionary } from '../../reports/text.js';
import { runTexts } from '../../reports/texts/run.js';
import { shellTexts } from '../../reports/texts/shell.js';
import { sampleStatuses } from '../../runner/run-summary.js';

const dictionary: Dictionary = { ...shellTexts, ...runTexts };
/** The same word in both languages. */
const untranslated = ['scores.n', 'samples.tokens'];

function sourcesBelow(folder: string): string[] {
  return readdirSync(path.join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'texts' ? [] : sourcesBelow(file);
    return /\.(?:ts|hbs)$/.test(file) ? [readFileSync(path.join(packageRoot, file), 'utf8')] : [];
  });
}

const sources = sourcesBelow('reports')
  .join('\n')
  .replace(/\/\*[\s\S]*?\*\//g, '');
const prefixes = new Set(Object.keys(dictionary).map((key) => key.split('.')[0] as string));
/** Keys as templates, views and scripts write them: strings that begin as the dictionary's keys do. */
const written = [...sources.matchAll(/['"`]([\w-]+)((?:\.[\w-]+)*)['"`]/g)].flatMap(([, prefix = '', rest = '']) => {
  const isKey = prefixes.has(prefix) && (rest !== '' || prefix === 'not-recorded') && !rest.endsWith('.js');
  return isKey ? [prefix + rest] : [];
});

describe('the dictionary', () => {
  test('has an English and a Chinese text for every key', () => {
    const lacking = Object.entries(dictionary).filter(([key, [en, zh]]) => {
      return en.trim() === '' || (!untranslated.includes(key) && !/\p{Script=Han}/u.test(zh) && !/^[A-Z]\w+$/.test(zh));
    });
    expect(lacking).toEqual([]);
    expect(Object.keys(dictionary).length).toBeGreaterThan(150);
  });

  test('has the same arguments in both languages', () => {
    const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    const differing = Object.entries(dictionary).filter(([, [en, zh]]) => names(en).join() !== names(zh).join());
    expect(differing).toEqual([]);
  });

  test('has no Chinese in English texts and no straight quotation marks in Chinese ones', () => {
    const mixed = Object.entries(dictionary).filter(([key, [en, zh]]) => {
      return (key !== 'shell.language' && /\p{Script=Han}/u.test(en)) || /"/.test(zh);
    });
    expect(mixed).toEqual([]);
  });

  test('has every text that templates, views and scripts ask for', () => {
    expect(written.length).toBeGreaterThan(150);
    expect(written.filter((key) => dictionary[key] === undefined)).toEqual([]);
    for (const status of sampleStatuses) {
      expect(dictionary).toHaveProperty([`status.${status}`]);
      expect(dictionary).toHaveProperty([`status.${status}.meaning`]);
    }
  });

  test('has no text that nobody asks for', () => {
    // Made from a value: the status of a sample, the end of a generation, a remark on a folder.
    const derived = /^(?:status|end|notice)\./;
    const unused = Object.keys(dictionary).filter((key) => !derived.test(key) && !written.includes(key));
    expect(unused).toEqual([]);
  });
});

describe('translate', () => {
  const small: Dictionary = { count: ['{n} of {all}', '{all} 个中的 {n} 个'] };

  test('puts arguments where each language has them', () => {
    const ref = { key: 'count', args: { n: 3, all: '10' } };
    expect(translate(small, 'en', ref)).toBe('3 of 10');
    expect(translate(small, 'zh', ref)).toBe('10 个中的 3 个');
  });

  test('takes arguments as they are, whatever they look like', () => {
    expect(translate(small, 'en', { key: 'count', args: { n: '{all}', all: '$&' } })).toBe('{all} of $&');
  });

  test('leaves what a run wrote alone, and throws for a key that is not there', () => {
    expect(translate(small, 'zh', { raw: '{n} <b>' })).toBe('{n} <b>');
    expect(() => translate(small, 'en', { key: 'missing' })).toThrow(RangeError);
  });
});
