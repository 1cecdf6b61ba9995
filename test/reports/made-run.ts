/** Run folders made up for tests of reports: any record, lines and telemetry, and large or hostile ones. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fingerprintOf } from '../../runner/fingerprint.js';
import { computeMetrics } from '../../runner/metrics.js';
import type { RunRecord, SuiteRecord } from '../../runner/run-record.js';
import { type GenerativeLine, renderSampleLine, type SampleLine } from '../../runner/sample-line.js';
import { runRecord, sampleLine, suiteRecord } from '../runner/run-fixture.js';

export interface MadeRun {
  readonly record?: Partial<RunRecord>;
  readonly lines: readonly SampleLine[];
  readonly telemetry?: readonly object[];
}

/** Writes the folder as a run leaves it, and returns it. */
export function writeRun(folder: string, { record: parts, lines, telemetry = [] }: MadeRun): string {
  mkdirSync(folder, { recursive: true });
  const unsealed = runRecord(parts);
  const record = { ...unsealed, fingerprint: fingerprintOf(unsealed) };
  const at = (name: string) => path.join(folder, name);
  writeFileSync(at('run.json'), `${JSON.stringify(record, null, 2)}\n`);
  writeFileSync(at('samples.jsonl'), lines.map(renderSampleLine).join(''));
  writeFileSync(at('metrics.json'), `${JSON.stringify(computeMetrics(record, lines), null, 2)}\n`);
  writeFileSync(at('telemetry.jsonl'), telemetry.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return folder;
}

export const generation: NonNullable<SuiteRecord['generation']> = {
  asks: 'chat',
  chat_template_sha256: null,
  stop: [],
  max_tokens: 512,
  temperature: 0,
  top_p: 1,
  top_k: 0,
  min_p: 0,
  samples: 1,
  executes: false,
};

export function writtenLine(parts: Partial<GenerativeLine> & { id: string; group: string }): GenerativeLine {
  return {
    suite: 'math500',
    repeat: 0,
    status: 'correct',
    target: '\\frac{1}{2}',
    answer: '\\frac{1}{2}',
    score: 1,
    output: 'The answer is $\\boxed{\\frac{1}{2}}$.',
    end: 'eos',
    extracted_by: 'boxed',
    rule: 'exact',
    prompt_tokens: 20,
    completion_tokens: 12,
    prompt_sha256: 'f'.repeat(64),
    ...parts,
  };
}

/** A line of telemetry once a second. */
export function engineLine(seconds: number, parts: object = {}): object {
  return {
    type: 'engine',
    seconds,
    steps: 10,
    step_ms: 900,
    prefill_tokens: 4000,
    decode_tokens: 250,
    sequences_per_step: 8,
    kv_pages_used: 3,
    kv_pages_total: 9,
    weight_bytes: 3 * 2 ** 30,
    kv_bytes: 2 ** 30,
    workspace_bytes: 2 ** 28,
    resident_bytes: 5 * 2 ** 30,
    ...parts,
  };
}

/** Expert loads of `experts` experts in `layers` layers, uneven in a way that a test can foresee. */
export function expertsLine(group: string, { layers = 4, experts = 16 } = {}): object {
  const counts = Array.from({ length: layers }, (_, layer) =>
    Array.from({ length: experts }, (_, expert) => (expert === layer ? 700 : 20 + ((expert * 7 + layer) % 5))),
  );
  return {
    type: 'experts',
    suite: 'mmlu',
    group,
    tokens: 1000,
    layers: counts.map((_, at) => at + 1),
    counts,
  };
}

const labels = ['A', 'B', 'C', 'D'] as const;

/** Deterministic numbers 0..1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Multiple-choice samples over subjects `subject_0`...; one in a hundred has an engine error. */
export function choiceLines(count: number, subjects: number, seed = 1): SampleLine[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, at) => {
    const group = `subject_${at % subjects}`;
    const values = labels.map(() => Math.log(random() + 1e-9));
    const ranked = [...values].sort((a, b) => b - a);
    const answer = labels[values.indexOf(ranked[0] as number)] as string;
    const target = random() < 0.6 ? answer : (labels[Math.floor(random() * 4)] as string);
    const isBroken = at % 100 === 99;
    return sampleLine({
      id: `mmlu/${group}/${Math.floor(at / subjects)}`,
      group,
      status: isBroken ? 'engine_error' : answer === target ? 'correct' : 'wrong',
      target,
      answer: isBroken ? null : answer,
      score: !isBroken && answer === target ? 1 : 0,
      choices: Object.fromEntries(labels.map((label, place) => [label, isBroken ? null : (values[place] as number)])),
      margin: isBroken ? null : (ranked[0] as number) - (ranked[1] as number),
      ...(isBroken && { error: 'log-probability of A is NaN' }),
    });
  });
}

/** The record's suite that fits `lines`. */
export function suiteOf(suite: string, lines: readonly SampleLine[], parts: Partial<SuiteRecord> = {}): SuiteRecord {
  const groups: Record<string, number> = {};
  for (const line of lines) if (line.suite === suite) groups[line.group] = (groups[line.group] ?? 0) + 1;
  return suiteRecord({ suite, groups, categories: {}, few_shot_ids: {}, ...parts });
}
