/** Everything that is known about one sample. */
/// <reference lib="dom" />
import type { SampleData } from '../page-data.js';
import { element, isolated } from './elements.js';
import { say } from './page-state.js';
import { numberText } from './units.js';

export function sampleDetails(data: SampleData, at: number): Node[] {
  const textOf = (place: number | undefined) =>
    place === undefined || place < 0 ? null : (data.strings[place] ?? null);
  const group = data.groups[data.group[at] ?? -1];
  const suite = group?.suite ?? -1;
  const status = data.statuses[data.status[at] ?? -1] ?? '';
  const facts: [string, Node | string | null][] = [
    ['samples.subject', group === undefined ? null : isolated(`${data.suites[suite] ?? ''} · ${group.name}`)],
    ['samples.target', formulaOrText(data, data.target[at])],
    ['samples.answer', formulaOrText(data, data.answer[at]) ?? say({ key: 'samples.no-answer' })],
    ['samples.margin', marginText(data.margin[at] ?? null)],
    ['samples.extracted-by', codeOf(textOf(data.extractedBy[at]))],
    ['samples.rule', codeOf(textOf(data.rule[at]))],
    ['samples.end', endText(textOf(data.end[at]))],
    ['samples.error', codeOf(textOf(data.error[at]))],
    ['samples.tokens', tokensText(data, at)],
    ['samples.prompt', element('code', '', `${data.showCommands[suite] ?? ''}${data.id[at] ?? ''}`)],
  ];
  const repeat = data.repeat[at] ?? 0;
  return [
    element(
      'h3',
      '',
      isolated(data.id[at] ?? ''),
      repeat > 0 ? ` #${repeat}` : '',
      ' ',
      element('span', `badge status-${status}`, say({ key: `status.${status}` })),
    ),
    factList(facts),
    ...choiceTable(data, at, suite),
    ...sandboxList(textOf(data.sandbox[at])),
    ...writtenText(data, data.thinking[at], 'samples.thinking'),
    ...writtenText(data, data.output[at], 'samples.output'),
  ];
}

function factList(facts: readonly [string, Node | string | null][]): HTMLElement {
  const list = element('dl', 'facts');
  for (const [key, value] of facts) {
    if (value !== null) list.append(element('dt', '', say({ key })), element('dd', '', value));
  }
  return list;
}

function codeOf(value: string | null): Node | null {
  return value === null ? null : element('code', '', isolated(value));
}

function formulaOrText(data: SampleData, place: number | undefined): Node | null {
  if (place === undefined || place < 0) return null;
  const text = element('code', '', isolated(data.strings[place] ?? ''), clippedNote(data, place));
  const html = data.formulas[place];
  if (html === undefined) return text;
  const formula = element('span', 'formula');
  // KaTeX's own output, made when the page was made: it escapes what it is given.
  formula.innerHTML = html;
  return element('span', '', formula, ' ', text);
}

function clippedNote(data: SampleData, place: number): Node | null {
  const left = data.clipped[place];
  if (left === undefined) return null;
  return element('span', 'clipped', say({ key: 'samples.clipped', args: { n: numberText(left) } }));
}

function marginText(margin: number | null): string | null {
  return margin === null ? null : say({ key: 'samples.nats', args: { n: margin.toFixed(4) } });
}

function endText(end: string | null): string | null {
  return end === null ? null : say({ key: `end.${end}` });
}

function tokensText(data: SampleData, at: number): string {
  const shared = data.sharedTokens[at] ?? null;
  const args = {
    prompt: numberText(data.promptTokens[at] ?? 0),
    completion: numberText(data.completionTokens[at] ?? 0),
    shared: shared === null ? '?' : numberText(shared),
  };
  return say({ key: shared === null ? 'samples.tokens-value' : 'samples.tokens-shared', args });
}

/** Log-probability and probability of each label, the labels alone taken as the whole. */
function choiceTable(data: SampleData, at: number, suite: number): Node[] {
  const values = data.choices[at] ?? [];
  if (values.length === 0) return [];
  const known = values.filter((value) => value !== null);
  const highest = Math.max(...known);
  const total = known.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  const head = element('tr', '');
  for (const key of ['samples.label', 'samples.log-probability', 'samples.probability']) {
    head.append(element('th', 'number', say({ key })));
  }
  const body = element('tbody', '');
  for (const [place, value] of values.entries()) {
    const label = data.labels[suite]?.[place] ?? '';
    const isTarget = label === data.strings[data.target[at] ?? -1];
    const probability = value === null ? '—' : `${((100 * Math.exp(value - highest)) / total).toFixed(1)} %`;
    body.append(
      element(
        'tr',
        isTarget ? 'target' : '',
        element('td', 'number', isolated(label), isTarget ? ' ✓' : ''),
        element('td', 'number', value === null ? '—' : value.toFixed(4)),
        element('td', 'number', probability),
      ),
    );
  }
  return [element('table', 'small choices', element('thead', '', head), body)];
}

function sandboxList(json: string | null): Node[] {
  if (json === null) return [];
  const list = element('dl', 'facts');
  for (const [name, value] of Object.entries(JSON.parse(json) as Record<string, unknown>)) {
    if (value === null || value === '') continue;
    list.append(element('dt', 'mono', name), element('dd', '', element('code', '', isolated(String(value)))));
  }
  return list.childElementCount === 0 ? [] : [element('h4', '', say({ key: 'samples.sandbox' })), list];
}

function writtenText(data: SampleData, place: number | undefined, key: string): Node[] {
  if (place === undefined || place < 0) return [];
  const pre = element('pre', 'written', data.strings[place] ?? '', clippedNote(data, place));
  pre.dir = 'auto';
  return [element('h4', '', say({ key })), pre];
}
