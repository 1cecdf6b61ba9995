/** JUnit XML, Markdown and annotations of a gate: valid where they are read, and what others wrote in them stays text. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { packageRoot } from '../../package-root.js';
import { renderCompareMarkdown } from '../../reports/compare-markdown.js';
import { renderJunit } from '../../reports/gate-junit.js';
import { renderGateMarkdown } from '../../reports/gate-markdown.js';
import { annotation, renderAnnotations } from '../../reports/github-annotations.js';
import type { GateResult } from '../../runner/gate/gate-result.js';
import { gateRun } from '../../runner/gate/gate-run.js';
import type { GatePolicy } from '../../runner/gate/policy.js';
import { temporaryFolders } from '../datasets/temporary-folder.js';
import {
  choiceLines,
  generation,
  plainSuite,
  type WrittenRun,
  writeRun,
  writtenLine,
} from '../runner/compare/write-run.js';

const schema = readFileSync(path.join(packageRoot, 'test', 'fixtures', 'junit.xsd'), 'utf8');

/** The parsed document, after the schema has accepted it. */
function valid(xml: string): XmlDocument {
  const validator = XsdValidator.fromDoc(XmlDocument.fromString(schema));
  const document = XmlDocument.fromString(xml);
  validator.validate(document);
  return document;
}

const values = (document: XmlDocument, xpath: string) => document.find(xpath).map((node) => node.content);

const newFolder = temporaryFolders();

async function gate(candidate: WrittenRun, baseline: WrittenRun, policy: GatePolicy): Promise<GateResult> {
  const folder = newFolder();
  const a = writeRun(path.join(folder, 'a'), baseline);
  return gateRun(writeRun(path.join(folder, 'b'), candidate), a, { policy });
}

const names = ['mmlu', 'ceval', 'cmmlu', 'cmath'];
const record = { suites: names.map((suite) => plainSuite({ n: 600, suite })) };
const lines = (lost: number, undecided: number, warned: number) => [
  ...choiceLines(600, (at) => at >= lost),
  ...choiceLines(600, (at) => at >= undecided, { suite: 'ceval' }),
  ...choiceLines(600, (at) => at >= warned, { suite: 'cmmlu' }),
  ...choiceLines(600, () => true, { suite: 'cmath' }),
];
const mixed = () =>
  gate(
    { record, lines: lines(60, 6, 6) },
    { record, lines: lines(0, 0, 0) },
    {
      suites: { cmmlu: { tier: 'supporting' }, cmath: { min_accuracy: 0.5 } },
    },
  );

describe('the JUnit file', () => {
  test('is valid and says failure, error, skipped and success', async () => {
    const document = valid(renderJunit(await mixed()));
    expect(values(document, '/testsuites/@tests')).toEqual(['5']);
    expect(values(document, '/testsuites/@failures')).toEqual(['1']);
    expect(values(document, '/testsuites/@errors')).toEqual(['1']);
    expect(values(document, '//testcase[failure]/@classname')).toEqual(['evalrun.mmlu']);
    expect(values(document, '//testcase[error]/@classname')).toEqual(['evalrun.ceval']);
    expect(values(document, '//testcase[skipped]/@classname')).toEqual(['evalrun.cmmlu']);
    expect(values(document, '//testsuite[@name="cmath"]/testcase/@name')).toEqual([
      'does not drop by more than 1.00 points',
      'has at least 50.0 % right',
    ]);
    expect(values(document, '//testcase[failure]/system-out')[0]).toMatch(
      /^lost mmlu\/anatomy\/\d+: key A, A -> B, 1\.00 nats\n/,
    );
  });

  test('marks a score below the least as the failure, and not the drop', async () => {
    const half = { record: { suites: [plainSuite({ n: 600 })] }, lines: choiceLines(600, (at) => at < 300) };
    const document = valid(renderJunit(await gate(half, half, { suites: { mmlu: { min_accuracy: 0.6 } } })));
    expect(values(document, '//testcase[failure]/@name')).toEqual(['has at least 60.0 % right']);
    expect(values(document, '/testsuites/@failures')).toEqual(['1']);
  });

  test('is valid without a baseline and for a missing suite', async () => {
    const folder = newFolder();
    const run = writeRun(path.join(folder, 'b'), {
      record: { suites: [plainSuite({ n: 1 })] },
      lines: choiceLines(1, () => true),
    });
    const policy = { missing_baseline: 'pass', suites: { ceval: { min_accuracy: 0.5 } } } as const;
    const document = valid(renderJunit(await gateRun(run, path.join(folder, 'a'), { policy })));
    expect(values(document, '//testcase[error]/@classname')).toEqual(['evalrun.ceval', 'evalrun.ceval']);
    expect(values(document, '/testsuites/@errors')).toEqual(['2']);
  });

  test('the schema refuses what the two readers refuse', () => {
    const suite = (inner: string) =>
      `<testsuite name="x" tests="1" failures="0" errors="0" skipped="0">${inner}</testsuite>`;
    valid(suite('<testcase name="x" time="0.000"/>'));
    for (const inner of [
      '<testcase name="x"/>',
      '<testcase name="x" time="0.0001"/>',
      '<testcase name="x" time="1.0"><error type="t"/><failure type="t"/></testcase>',
      '<testcase name="x" time="1.0"><failure message="no type"/></testcase>',
      '<testcase name="x" time="1.0" status="odd"/>',
    ]) {
      expect(() => valid(suite(inner))).toThrow();
    }
  });
});

/** Names and answers by which text could become markup, a command or a sequence that moves the cursor. */
const hostile =
  'x]]><script>alert(1)</script>&amp;"\'| `~ \u001b[31m\u0000\ufffe\ud800\n::error::owned\r\n@everyone # *b* [l](http://e)';

async function hostileResult(): Promise<GateResult> {
  const suite = plainSuite({ n: 60, suite: hostile, groups: { [hostile]: 60 }, generation });
  const line = (at: number, right: boolean) =>
    writtenLine({
      id: `${hostile}/${at}`,
      suite: hostile,
      group: hostile,
      target: hostile,
      status: right ? 'correct' : 'wrong',
      answer: right ? '7' : hostile,
    });
  const written = (right: boolean) => ({
    record: { suites: [suite] },
    lines: Array.from({ length: 60 }, (_, at) => line(at, right)),
  });
  return gate(written(false), written(true), {});
}

describe('hostile text', () => {
  test('leaves the JUnit file valid, and its text is there', async () => {
    const xml = renderJunit(await hostileResult());
    const document = valid(xml);
    expect(values(document, '//script')).toEqual([]);
    expect(values(document, '//testsuite/@name')[0]).toContain('x]]><script>alert(1)</script>&amp;"\'|');
    expect(xml).not.toMatch(/(?![\n\r\t])\p{Cc}|\ufffe|\p{Cs}/u);
  });

  test('stays text in Markdown', async () => {
    const result = await hostileResult();
    for (const markdown of [
      renderGateMarkdown(result),
      result.comparison ? renderCompareMarkdown(result.comparison) : '',
    ]) {
      expect(markdown.length).toBeGreaterThan(500);
      expect(markdown).not.toMatch(/<script|<b>/);
      expect(markdown).not.toMatch(/(?<!\\)(@everyone|\[l\])/);
      expect(markdown).not.toMatch(/(?!\n)\p{Cc}/u);
      // No line of a table has more cells than its head.
      const cells = markdown.split('\n').filter((line) => line.startsWith('|'));
      const counts = cells.map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(Math.max(...counts)).toBeLessThanOrEqual(10);
    }
  });

  test('cannot end an annotation or begin another one', async () => {
    const found = renderAnnotations(await hostileResult());
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^::error title=[^\n\r:,]*::[^\n\r]*$/);
    expect(found[0]).not.toMatch(/\p{Cc}/u);
  });
});

describe('annotations', () => {
  test.each([
    ['a:b, c', 'x', '::error title=a%3Ab%2C c::x'],
    ['t', '100 %\nnext\r', '::error title=t::100 %25%0Anext%0D'],
    ['%0A', ':,', '::error title=%250A:::,'],
  ])('escape %j and %j as GitHub reads them', (title, message, expected) => {
    expect(annotation('error', title, message)).toBe(expected);
  });

  test('are errors for what stops the gate, warnings for the rest, nothing for what passed', async () => {
    const found = renderAnnotations(await mixed());
    expect(found.map((line) => line.split('::')[1])).toEqual([
      'error title=mmlu%3A regression',
      'error title=ceval%3A undecided',
      'warning title=cmmlu%3A undecided',
    ]);
  });
});
