/** All samples of a run for its page: columns, texts stored once, clipped until the page is small enough to open. */
import { gzipSync } from 'node:zlib';
import type { RunReportData, SampleLine } from '../../runner/report-data.js';
import { sampleStatuses } from '../../runner/run-summary.js';
import { isFormula, renderFormula } from '../formula.js';
import type { SampleData } from '../page-data.js';
import { clipText, visibleText } from '../visible-text.js';

/** Characters of one text, and of all written answers together, before anything is compressed. */
const longestText = 20_000;
const shortestText = 200;
const mostCharacters = 48e6;
const longestId = 400;
/** In the page, which is below 40 MB with everything else. */
const mostBase64Bytes = 34 * 2 ** 20;
const mostFormulas = 3000;

export interface PackedSamples {
  /** Gzipped JSON of SampleData. */
  readonly base64: string;
  /** HTML of the formulas in it. */
  readonly formulas: readonly string[];
}

/** Texts of one length limit after the other, until there are at most `mostBytes` bytes of base64. */
export function packSamples(data: RunReportData, mostBytes = mostBase64Bytes): PackedSamples {
  for (let limit = firstLimit(data); ; limit = Math.floor(limit / 2)) {
    const samples = sampleData(data, limit);
    const base64 = gzipSync(JSON.stringify(samples)).toString('base64');
    if (base64.length <= mostBytes || limit <= shortestText)
      return { base64, formulas: Object.values(samples.formulas) };
  }
}

/** The longest limit at which all texts together can be held in memory and compressed in seconds. */
function firstLimit({ lines }: RunReportData): number {
  const lengths = lines.flatMap((line) => ('output' in line ? [line.output.length] : []));
  const charactersAt = (limit: number) => lengths.reduce((sum, length) => sum + Math.min(length, limit), 0);
  let limit = longestText;
  while (limit > shortestText && charactersAt(limit) > mostCharacters) limit = Math.floor(limit / 2);
  return limit;
}

export function sampleData({ record, lines, telemetry }: RunReportData, limit = longestText): SampleData {
  const strings = new StringTable(limit);
  const suites = record.suites.map(({ suite }) => suite);
  const groups: { suite: number; name: string }[] = [];
  const groupPlaces = new Map<string, number>();
  const labels = record.suites.map((suite) => labelsOf(lines, suite.suite));
  const groupOf = ({ suite, group }: SampleLine): number => {
    const key = JSON.stringify([suite, group]);
    const known = groupPlaces.get(key);
    if (known !== undefined) return known;
    groups.push({ suite: suites.indexOf(suite), name: visibleText(clipText(group, longestId).text) });
    groupPlaces.set(key, groups.length - 1);
    return groups.length - 1;
  };
  const written = (pick: (line: Extract<SampleLine, { output: string }>) => string | null | undefined) =>
    lines.map((line) => strings.place('output' in line ? pick(line) : null));
  const uses = lines.map(({ id, repeat }) => telemetry?.samples.get(repeat === 0 ? id : `${id}#${repeat}`));
  const columns = {
    id: lines.map(({ id }) => visibleText(clipText(id, longestId).text)),
    repeat: lines.map(({ repeat }) => repeat),
    group: lines.map(groupOf),
    status: lines.map(({ status }) => sampleStatuses.indexOf(status)),
    target: lines.map(({ target }) => strings.place(target)),
    answer: lines.map(({ answer }) => strings.place(answer)),
    margin: lines.map((line) => ('choices' in line && line.margin !== null ? round(line.margin) : null)),
    choices: lines.map((line) =>
      'choices' in line ? (labels[suites.indexOf(line.suite)] ?? []).map((label) => rounded(line.choices[label])) : [],
    ),
    output: written(({ output }) => output),
    thinking: written((line) => (line as { readonly thinking?: string | null }).thinking),
    end: written(({ end }) => end),
    extractedBy: written(({ extracted_by }) => extracted_by),
    rule: written(({ rule }) => rule),
    error: lines.map((line) => strings.place('choices' in line ? line.error : null)),
    promptTokens: lines.map(({ prompt_tokens }) => prompt_tokens),
    completionTokens: lines.map(({ completion_tokens }) => completion_tokens),
    sharedTokens: uses.map((use) => use?.sharedTokens ?? null),
    sandbox: uses.map((use) =>
      strings.place(use?.sandbox == null ? null : JSON.stringify(visibleSandbox(use.sandbox, limit))),
    ),
  };
  return {
    ...strings.finish(),
    ...formulasOf({ record, lines }, columns, strings),
    suites: suites.map(visibleText),
    showCommands: record.suites.map(showCommand),
    statuses: sampleStatuses,
    groups,
    labels: labels.map((list) => list.map(visibleText)),
    ...columns,
  };
}

/** Equal texts are stored once, each at most `limit` characters long. */
class StringTable {
  private readonly places = new Map<string, number>();
  private readonly strings: string[] = [];
  private readonly clipped: Record<string, number> = {};

  constructor(private readonly limit: number) {}

  place(value: string | null | undefined): number {
    if (value === null || value === undefined) return -1;
    const known = this.places.get(value);
    if (known !== undefined) return known;
    const at = this.strings.length;
    const { text, left } = clipText(value, this.limit);
    this.strings.push(visibleText(text));
    if (left > 0) this.clipped[at] = left;
    this.places.set(value, at);
    return at;
  }

  textAt(place: number): string {
    return this.strings[place] ?? '';
  }

  isWhole(place: number): boolean {
    return this.clipped[place] === undefined;
  }

  finish(): Pick<SampleData, 'strings' | 'clipped'> {
    return { strings: this.strings, clipped: this.clipped };
  }
}

/** Keys and answers of suites whose answers are written and not run. */
function formulasOf(
  { record, lines }: Pick<RunReportData, 'record' | 'lines'>,
  { target, answer }: Pick<SampleData, 'target' | 'answer'>,
  strings: StringTable,
): Pick<SampleData, 'formulas' | 'plainFormulas'> {
  const suites = new Set(
    record.suites.filter(({ generation }) => generation?.executes === false).map(({ suite }) => suite),
  );
  const formulas: Record<string, string> = {};
  const tried = new Set<number>();
  let plainFormulas = 0;
  for (const [at, line] of lines.entries()) {
    if (!suites.has(line.suite)) continue;
    for (const place of [target[at] ?? -1, answer[at] ?? -1]) {
      if (place < 0 || tried.has(place) || !strings.isWhole(place) || !isFormula(strings.textAt(place))) continue;
      tried.add(place);
      if (tried.size > mostFormulas) {
        plainFormulas += 1;
        continue;
      }
      const html = renderFormula(strings.textAt(place));
      if (html !== null) formulas[place] = html;
    }
  }
  return { formulas, plainFormulas };
}

function labelsOf(lines: readonly SampleLine[], suite: string): string[] {
  const labels = new Set<string>();
  for (const line of lines)
    if (line.suite === suite && 'choices' in line) for (const label of Object.keys(line.choices)) labels.add(label);
  return [...labels].sort();
}

function visibleSandbox(sandbox: Readonly<Record<string, string | number | null>>, limit: number) {
  return Object.fromEntries(
    Object.entries(sandbox).map(([name, value]) => [
      visibleText(name),
      typeof value === 'string' ? visibleText(clipText(value, Math.min(limit, 2000)).text) : value,
    ]),
  );
}

function showCommand({ suite, protocol, shots, generation }: RunReportData['record']['suites'][number]): string {
  const asked = generation === undefined ? ` --shots ${shots}` : '';
  return visibleText(`evalrun show --suite ${suite} --protocol ${protocol}${asked} --sample `);
}

function rounded(value: number | null | undefined): number | null {
  return typeof value === 'number' ? round(value) : null;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
