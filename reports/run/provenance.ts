/** Where the numbers come from: model, engine, protocol, data and versions. */
import type { RunRecord, RunReportData, SuiteRecord } from '../../runner/report-data.js';
import { renderCount, renderLarge } from '../quantity.js';
import { raw, text } from '../text.js';
import { noticesOf } from './notices.js';
import type { Fact, RunSection } from './section.js';
import { suiteName } from './suite-name.js';

export function provenance(data: RunReportData): RunSection {
  const { record } = data;
  return {
    id: 'provenance',
    title: text('provenance.title'),
    view: {
      notices: noticesOf(data),
      facts: factsOf(record),
      command: record.command.map(quoteArgument).join(' '),
      kernels: pairsOf(record.engine.kernels),
      numerics: pairsOf(record.engine.numerics),
      suites: record.suites.map(suiteFacts),
      sandbox: record.sandbox === undefined ? null : sandboxFacts(record.sandbox),
      fingerprints: [
        { name: text('provenance.run-fingerprint'), value: raw(record.fingerprint) },
        { name: text('provenance.weights'), value: raw(record.model.weight_fingerprint) },
        { name: text('provenance.tokenizer'), value: raw(record.model.tokenizer_sha256) },
      ] satisfies Fact[],
    },
  };
}

function factsOf({ model, engine, evalrun, created, suites, settings }: RunRecord): Fact[] {
  const parameters = {
    type: model.type,
    total: renderLarge(model.total_parameters),
    active: renderLarge(model.active_parameters),
  };
  return [
    { name: text('provenance.model'), value: raw(model.name) },
    { name: text('provenance.architecture'), value: text('provenance.parameters', parameters) },
    { name: text('provenance.weights'), value: raw(model.weight_fingerprint.slice(0, 16)) },
    { name: text('provenance.precision'), value: raw(engine.dtype) },
    {
      name: text('provenance.device'),
      value: text(engine.device.startsWith('cuda') ? 'provenance.gpu-value' : 'provenance.device-value', {
        device: engine.device,
        threads: engine.threads,
        reason: engine.device_reason,
      }),
    },
    {
      name: text('provenance.suites'),
      value: raw(suites.map((suite) => `${suiteName(suite.suite)}: ${protocolOf(suite)}`).join('; ')),
    },
    { name: text('provenance.seed'), value: raw(String(settings.seed)) },
    { name: text('provenance.version'), value: raw(versionOf(evalrun)) },
    { name: text('provenance.date'), value: raw(created.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')) },
  ];
}

/** `evalrun 0.1.0 (0123456789ab-dirty)` */
export function versionOf({ version, commit }: RunRecord['evalrun']): string {
  const dirty = commit?.endsWith('-dirty') ? '-dirty' : '';
  return `evalrun ${version}${commit === null ? '' : ` (${commit.slice(0, 12)}${dirty})`}`;
}

/** `official v1, 5-shot` */
export function protocolOf({ protocol, version, shots, generation }: SuiteRecord): string {
  return `${protocol} v${version}${generation === undefined ? `, ${shots}-shot` : ''}`;
}

function suiteFacts(suite: SuiteRecord) {
  const { generation } = suite;
  return {
    name: suiteName(suite.suite),
    prompts: suite.prompts_sha256,
    datasets: suite.datasets.map(({ id, source, licence, files }) => ({
      id,
      source: source === 'embedded' ? text('provenance.embedded') : raw(source),
      licence,
      files: files.map(({ path, sha256, rows }) => ({ path, sha256, rows: renderCount(rows) })),
    })),
    generation: generation === undefined ? [] : pairsOf(generation),
    notes: suite.notes,
  };
}

function sandboxFacts({ rung, bubblewrap, python, defences, limits }: NonNullable<RunRecord['sandbox']>) {
  return {
    facts: pairsOf({ rung, bubblewrap, python, ...limits }),
    defences: defences.map(({ name, live, found }) => ({
      name,
      state: text(live ? 'provenance.live' : 'provenance.not-live'),
      found,
    })),
  };
}

function pairsOf(values: Readonly<Record<string, unknown>>): { name: string; value: string }[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
}

/** As it can be typed into a shell again. */
function quoteArgument(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
