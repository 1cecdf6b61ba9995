/** A comparison as text for a terminal. */
import Table from 'cli-table3';
import type {
  ArmCost,
  Band,
  Comparison,
  Differing,
  ExpertComparison,
  Flip,
  RepeatControl,
  SuiteComparison,
} from '../runner/compare/comparison.js';
import { renderBytes, renderCount, renderDuration, renderPercent } from './quantity.js';
import { plainText, wrapText } from './wrap-text.js';

export interface CompareTextOptions {
  /** Every flip and every subject. */
  readonly verbose: boolean;
  readonly columns?: number;
}

const shownFlips = 10;
const shownDifferences = 12;

/** Tables and sentences, at most as wide as the terminal. Never holds a control character. */
export function renderCompareText(comparison: Comparison, { verbose, columns }: CompareTextOptions): string {
  const width = Math.max(60, Math.min(120, columns ?? process.stdout.columns ?? 80));
  const say = (text: string) => wrapText(plainText(text), width, 2);
  const { baseline, candidate, suites, warnings, experts, aa } = comparison;
  const lines = [
    ...say(`baseline   ${baseline.folder}`),
    ...say(`candidate  ${candidate.folder}`),
    ...renderDiffers(comparison.differs).flatMap(say),
    '',
    renderSuites(suites, width),
    ...say('Differences are candidate - baseline, in points. Verdicts are about the tolerated drop.'),
  ];
  for (const [name, suite] of Object.entries(suites)) {
    lines.push('', ...say(`${name}: ${suite.verdict.toUpperCase()}. ${suite.explanation}`));
    lines.push(...remarksOf(suite).flatMap(say));
    const flips = renderFlips(suite.flip_list, { verbose, width });
    if (flips !== undefined) lines.push(flips);
    if (suite.flip_list.length > shownFlips && !verbose) {
      lines.push(...say(`The ${shownFlips} largest of ${renderCount(suite.flip_list.length)}; --verbose shows all.`));
    }
  }
  lines.push('', ...renderCost(comparison.cost, say));
  if (experts !== null) lines.push(...renderExperts(experts).flatMap(say));
  if (aa !== null) lines.push('', ...say(renderControl(aa)));
  for (const [arm, names] of Object.entries(comparison.only_in)) {
    if (names.length > 0) lines.push(...say(`Only in the ${arm}, and not compared: ${names.join(', ')}.`));
  }
  if (warnings.length > 0) lines.push('', ...warnings.flatMap(say));
  return lines.join('\n');
}

function newTable(head: string[], widths?: number[]): InstanceType<typeof Table> {
  return new Table({
    head,
    colAligns: head.map((_, at) => (at === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
    ...(widths && { colWidths: widths }),
  });
}

/** `+1.23` */
export function renderPoints(ratio: number): string {
  const text = (Math.abs(ratio) * 100).toFixed(2);
  return Number(text) === 0 ? '0.00' : `${ratio < 0 ? '-' : '+'}${text}`;
}

function renderSuites(suites: Comparison['suites'], width: number): string {
  // Narrow terminals find the number of pairs in the sentences below.
  const isWide = width >= 90;
  const table = newTable([
    'suite',
    ...(isWide ? ['pairs'] : []),
    'score, %',
    'difference, 95 % interval',
    'flips',
    'verdict',
  ]);
  for (const [name, suite] of Object.entries(suites)) {
    const { accuracy, difference, low, high } = suite;
    table.push([
      plainText(name),
      ...(isWide ? [renderCount(suite.n)] : []),
      `${(accuracy.baseline * 100).toFixed(1)} -> ${(accuracy.candidate * 100).toFixed(1)}`,
      `${renderPoints(difference)} (${renderPoints(low)} to ${renderPoints(high)})`,
      renderCount(suite.flips),
      suite.verdict,
    ]);
  }
  return table.toString();
}

function renderDiffers(differs: readonly Differing[]): string[] {
  if (differs.length === 0) return ['differs    nothing that determines a result'];
  const short = (value: string) => (/^[0-9a-f]{40}/.test(value) ? value.slice(0, 12) : value.slice(0, 60));
  const shown = differs.slice(0, shownDifferences).map(({ field, baseline, candidate, allowed }) => {
    return `${field} ${short(baseline)} -> ${short(candidate)}${allowed ? ' (allowed)' : ''}`;
  });
  const more = differs.length > shown.length ? [`and ${differs.length - shown.length} more`] : [];
  return [`differs    ${[...shown, ...more].join('; ')}`];
}

/** What a person needs besides the verdict, one sentence each. */
function remarksOf(suite: SuiteComparison): string[] {
  const { worse, better, answers_changed: changed, sign_test: test, minimum_detectable: least, shift } = suite;
  const p = (value: number) => (value < 0.001 ? value.toExponential(1) : value.toFixed(3));
  const remarks = [
    `Flips: ${renderCount(worse)} lost, ${renderCount(better)} gained; ${renderCount(changed)} answers changed in all.`,
  ];
  if (suite.flip_bands.length > 0) {
    const bands = suite.flip_bands.filter(({ count }) => count > 0).map((band) => `${renderBand(band)} ${band.count}`);
    remarks.push(`Changed answers by margin in nats (below 0.1 a tie, from 3 a defect): ${bands.join(', ')}.`);
  }
  if (test.discordant > 0) {
    const which = test.method === 'exact' ? 'exact' : 'normal';
    remarks.push(
      `McNemar (${which}, ${renderCount(test.discordant)} discordant questions): two-sided p = ${p(test.two_sided)}, one-sided for "worse" p = ${p(test.one_sided)}.`,
    );
  }
  if (least !== null) {
    remarks.push(
      `Smallest drop found with 80 % power: ${(least.effect * 100).toFixed(2)} points (z = ${least.z.toFixed(2)}).`,
    );
  }
  remarks.push(`Interval: ${suite.interval}.`);
  if (shift !== null) {
    const worst = shift.worst[0];
    remarks.push(
      shift.largest === 0
        ? `Letters: every log-probability has the same bits (${renderCount(shift.samples)} samples).`
        : `Letters: mean KL ${shift.kl.toPrecision(3)}, JS ${shift.js.toPrecision(3)} nats; largest move ${shift.largest.toPrecision(3)} nats` +
            `${worst === undefined ? '' : `; worst sample ${worst.sample} (KL ${worst.kl.toPrecision(3)})`}.`,
    );
  }
  return remarks;
}

function renderBand({ from, to }: Band): string {
  if (from === null || from === 0) return `under ${to}`;
  return to === null ? `from ${from}` : `${from} to ${to}`;
}

function renderFlips(
  flips: readonly Flip[],
  { verbose, width }: { readonly verbose: boolean; readonly width: number },
): string | undefined {
  if (flips.length === 0) return undefined;
  const table = newTable(['changed sample', 'key', 'answer', 'margins', 'nats', '']);
  const cut = (text: string | null, most: number) => {
    const plain = plainText(text ?? '-').replaceAll(/\s+/g, ' ');
    return plain.length > most ? `${plain.slice(0, most - 3)}...` : plain;
  };
  const margin = (value: number | null) => (value === null ? '-' : value.toFixed(2));
  for (const { sample, target, baseline, candidate, kind, size } of verbose ? flips : flips.slice(0, shownFlips)) {
    table.push([
      cut(sample, width - 50),
      cut(target, 8),
      `${cut(baseline.answer, 8)} -> ${cut(candidate.answer, 8)}`,
      size === null ? '' : `${margin(baseline.margin)} -> ${margin(candidate.margin)}`,
      size === null ? '' : size.toFixed(2),
      kind,
    ]);
  }
  return table.toString();
}

interface CostRow {
  readonly name: string;
  readonly value: (cost: ArmCost) => number | null;
  readonly render: (value: number) => string;
}

const costRows: readonly CostRow[] = [
  { name: 'prefill tokens/s', value: (cost) => cost.prefill_tokens_per_second, render: renderCount },
  { name: 'decode tokens/s', value: (cost) => cost.decode_tokens_per_second, render: renderCount },
  { name: 'wall time', value: (cost) => cost.wall_seconds, render: renderSeconds },
  { name: 'weights', value: (cost) => cost.weight_bytes, render: renderBytes },
  { name: 'KV cache', value: (cost) => cost.kv_bytes, render: renderBytes },
  { name: 'workspace', value: (cost) => cost.workspace_bytes, render: renderBytes },
  { name: 'peak resident', value: (cost) => cost.peak_resident_bytes, render: renderBytes },
  { name: 'energy', value: (cost) => cost.energy_joules, render: (joules) => `${renderCount(joules)} J` },
];

function renderSeconds(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : renderDuration(seconds);
}

/** `candidate / baseline` of a row, or nothing where one is not recorded. */
function renderRatio(row: CostRow, { baseline, candidate }: Comparison['cost']): string {
  const [before, after] = [row.value(baseline), row.value(candidate)];
  return before === null || after === null || before === 0 ? '' : `${(after / before).toFixed(2)}x`;
}

const notRecorded = 'not recorded';

function renderCost(cost: Comparison['cost'], say: (text: string) => string[]): string[] {
  const recorded = costRows.filter(({ value }) => value(cost.baseline) !== null || value(cost.candidate) !== null);
  const missing = costRows.filter((row) => !recorded.includes(row)).map(({ name }) => name);
  const table = newTable(['cost', 'baseline', 'candidate', 'ratio']);
  for (const row of recorded) {
    const cell = (arm: ArmCost) => {
      const value = row.value(arm);
      return value === null ? notRecorded : row.render(value);
    };
    table.push([row.name, cell(cost.baseline), cell(cost.candidate), renderRatio(row, cost)]);
  }
  return [
    ...(recorded.length > 0 ? [table.toString()] : []),
    ...(missing.length > 0 ? say(`Not recorded: ${missing.join(', ')}.`) : []),
  ];
}

function renderExperts({ agreement, load }: ExpertComparison): string[] {
  const lines: string[] = [];
  if (agreement !== null) {
    const layers = agreement.layers.map(({ layer, share }) => `${layer}: ${renderPercent(share)}`);
    lines.push(
      `Experts that both chose, by MoE layer (${renderCount(agreement.samples)} samples): ${layers.join(', ')}.`,
    );
  }
  for (const [arm, layers] of Object.entries(load)) {
    if (layers.length === 0) continue;
    const shown = layers.map(({ layer, max_over_mean: ratio }) => `${layer}: ${ratio.toFixed(2)}`);
    lines.push(`Busiest expert over the mean, by layer, ${arm}: ${shown.join(', ')}.`);
  }
  return lines;
}

export function renderControl({
  folder,
  samples,
  flips,
  different_lines,
  largest_shift,
  finding,
}: RepeatControl): string {
  const shift = largest_shift === null ? '' : `, largest move ${largest_shift.toPrecision(3)} nats`;
  const found = `A/A control with ${folder}: ${renderCount(samples)} samples, ${renderCount(flips)} flips, ${renderCount(different_lines)} lines that differ${shift}.`;
  switch (finding) {
    case 'clean':
      return `${found} As expected of the same arm: not a bit differs, so every flip above is the candidate's.`;
    case 'defect':
      return `${found} DEFECT: the same weights, prompts and settings must give the same bytes. Do not trust the flips above; please report it with both folders.`;
    case 'noise':
      return `${found} This is the noise of drawn answers or of a server: flips of the candidate up to this many mean nothing.`;
    case 'incomplete':
      return `${found} The control is not finished: what is there is the same.`;
  }
}
