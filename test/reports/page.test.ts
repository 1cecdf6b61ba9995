import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { chartLibrary, joinModules } from '../../reports/browser-script.js';
import { type PageOptions, renderPage } from '../../reports/page.js';
import { text } from '../../reports/text.js';

function page(parts: Partial<PageOptions> = {}): string {
  return renderPage({
    language: 'en',
    title: 'A title',
    heading: { raw: 'A heading' },
    dictionary: { 'a.title': ['Section {n}', '第 {n} 节'] },
    sections: [{ id: 'a', title: text('a.title', { n: 1 }), html: '<p>inside</p>' }],
    ...parts,
  });
}

const attribute = (value: string) => value.replaceAll('&#x27;', "'").replaceAll('&#x3D;', '=');

/** The texts of all elements of a name, without attributes or with those given. */
function contents(html: string, name: string, attributes = ''): string[] {
  return [...html.matchAll(new RegExp(`<${name}${attributes}>([\\s\\S]*?)</${name}>`, 'g'))].map(
    ([, text = '']) => text,
  );
}

describe('renderPage', () => {
  const html = page({ charts: [], data: [{ id: 'd', content: { json: { a: '</script><b>&\u2028' } } }] });

  test('allows its own scripts and styles by hash, and nothing else', () => {
    const policy = attribute(/Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '');
    const hash = (value: string) => `'sha256-${createHash('sha256').update(value).digest('base64')}'`;
    expect(policy).toContain("default-src 'none'");
    for (const [directive, found] of [
      ['script-src', contents(html, 'script')],
      ['style-src', contents(html, 'style')],
    ] as const) {
      expect(found.length).toBeGreaterThan(0);
      expect(policy).toContain(`${directive} ${found.map(hash).join(' ')};`);
    }
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
    expect(policy).not.toContain('unsafe-inline');
  });

  test('allows style attributes only for mathematics, and never inline styles', () => {
    const policy = attribute(/Content-Security-Policy" content="([^"]+)"/.exec(page({ mathematics: true }))?.[1] ?? '');
    expect(policy).toContain("style-src-attr 'unsafe-inline'");
    expect(policy).not.toMatch(/style-src [^;]*unsafe-inline/);
  });

  test('names nothing outside itself', () => {
    const whole = page({
      charts: [
        { id: 'c', kind: 'line', title: text('a.title'), x: { unit: 'number' }, y: { unit: 'number' }, series: [] },
      ],
    });
    expect(whole).not.toMatch(/(?:src|href)="(?!#|data:)/);
    expect(whole).not.toMatch(/@import|sourceMappingURL/);
    expect(whole).not.toMatch(/url\((?!data:)/);
  });

  test('writes data that cannot end its element', () => {
    const [data = ''] = contents(html, 'script', ' type="application/json" id="d"');
    expect(data).not.toMatch(/[<>&\u2028]/);
    expect(JSON.parse(data)).toEqual({ a: '</script><b>&\u2028' });
  });

  test('opens in the language asked for, with every text marked for the switch', () => {
    expect(page()).toContain('<span data-t="a.title" data-a="{&quot;n&quot;:1}">Section 1</span>');
    const chinese = page({ language: 'zh' });
    expect(chinese).toContain('<html lang="zh-CN">');
    expect(chinese).toContain('>第 1 节</span>');
  });

  test('escapes headings and titles', () => {
    const hostile = page({ title: '</title><script>', heading: { raw: '<img onerror=x>{{a}}' } });
    expect(hostile).toContain('<title>&lt;/title&gt;&lt;script&gt;</title>');
    expect(hostile).toContain('<bdi>&lt;img onerror&#x3D;x&gt;{{a}}</bdi>');
  });

  test('is the same bytes for the same options', () => {
    expect(page()).toBe(page());
  });
});

describe('joinModules', () => {
  const join = (files: Record<string, string>, entry = 'a.js') => joinModules([entry], (file) => files[file] ?? '');

  test('puts what is needed first and everything once', () => {
    const joined = join({
      'a.js': "import { b } from './b.js';\nimport './c.js';\nb();",
      'b.js': "import { c } from './c.js';\nexport function b() { c(); }",
      'c.js': 'export const c = () => {};\nexport {};',
    });
    expect(joined).toBe("(() => {\n'use strict';\nconst c = () => {};\nfunction b() { c(); }\nb();\n})();");
  });

  test('runs', () => {
    const joined = join({
      'a.js': "import { b } from './b.js';\nglobalThis.joined = b + 1;",
      'b.js': 'export const b = 41;',
    });
    new Function(joined)();
    expect(Reflect.get(globalThis, 'joined')).toBe(42);
    Reflect.deleteProperty(globalThis, 'joined');
  });

  const refused: [name: string, files: Record<string, string>, message: RegExp][] = [
    [
      'a name that two modules define',
      { 'a.js': "import './b.js';\nconst x = 1;", 'b.js': 'function x() {}' },
      /b\.js and a\.js both define x/,
    ],
    ['a renamed import', { 'a.js': "import { b as c } from 'other';" }, /cannot be joined/],
    ['a default export', { 'a.js': 'export default 1;' }, /cannot be joined/],
  ];
  test.each(refused)('refuses %s', (_, files, message) => {
    expect(() => join(files)).toThrow(message);
  });

  test('the scripts of every page can be joined', () => {
    expect(() =>
      joinModules(['page.js', 'sortable-tables.js', 'cost-input.js', 'samples.js', 'expert-heat.js']),
    ).not.toThrow();
  });
});

test('the chart library defines Chart and names no map', () => {
  const library = chartLibrary();
  expect(library).toMatch(/\.Chart=/);
  expect(library).not.toContain('sourceMappingURL');
});
