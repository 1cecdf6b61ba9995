/** Run folders made up for tests of what compares them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fingerprintOf } from '../../../runner/fingerprint.js';
import type { RunRecord, SuiteRecord } from '../../../runner/run-record.js';
import type { ChoiceLine, GenerativeLine, SampleLine } from '../../../runner/sample-line.js';
import { runRecord, sampleLine, suiteRecord } from '../run-fixture.js';

/** A suite of questions in one subject, without published files that anybody would miss. */
export function plainSuite(parts: Partial<SuiteRecord> & { n: number }): SuiteRecord {
  const { n, ...rest } = parts;
  return suiteRecord({ groups: { anatomy: n }, categories: {}, few_shot_ids: {}, ...rest });
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

/** Lines of `n` questions of a suite: the first `right` are answered right with this margin, the others wrong. */
export function choiceLines(
  n: number,
  isRight: (at: number) => boolean,
  parts: Partial<ChoiceLine> & { margin?: number } = {},
): ChoiceLine[] {
  const { suite = 'mmlu', group = 'anatomy', margin = 1 } = parts;
  return Array.from({ length: n }, (_, at) => {
    const right = isRight(at);
    return sampleLine({
      id: `${suite}/${group}/${at}`,
      group,
      status: right ? 'correct' : 'wrong',
      answer: right ? 'A' : 'B',
      score: right ? 1 : 0,
      choices: right ? { A: -0.5, B: -0.5 - margin, C: -4, D: -5 } : { A: -0.5 - margin, B: -0.5, C: -4, D: -5 },
      margin,
      ...parts,
    });
  });
}

export function writtenLine(parts: Partial<GenerativeLine> & { id: string }): GenerativeLine {
  return {
    suite: 'math500',
    group: 'all',
    repeat: 0,
    status: 'correct',
    target: '7',
    answer: '7',
    score: 1,
    output: 'The answer is 7.',
    end: 'eos',
    extracted_by: 'boxed',
    rule: 'equal',
    prompt_tokens: 10,
    completion_tokens: 6,
    prompt_sha256: 'f'.repeat(64),
    ...parts,
  };
}

export interface WrittenRun {
  readonly record?: Partial<RunRecord>;
  readonly lines: readonly SampleLine[];
  readonly telemetry?: readonly object[];
}

/** Writes run.json, samples.jsonl and telemetry.jsonl into `folder` and returns it. */
export function writeRun(folder: string, { record = {}, lines, telemetry = [] }: WrittenRun): string {
  const whole = runRecord(record);
  const sealed = { ...whole, fingerprint: fingerprintOf(whole) };
  const jsonl = (values: readonly object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'run.json'), JSON.stringify(sealed));
  writeFileSync(path.join(folder, 'samples.jsonl'), jsonl(lines));
  writeFileSync(path.join(folder, 'telemetry.jsonl'), jsonl(telemetry));
  return folder;
}

/** The model of another arm, for a record. */
export function otherArm(): Pick<RunRecord, 'engine' | 'model'> {
  const { engine, model } = runRecord();
  return {
    engine: { ...engine, dtype: 'fp8' },
    model: { ...model, name: 'nano-fp8', weight_fingerprint: '1'.repeat(64) },
  };
}
