import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { archSpecOf } from '../../engine/architectures/registry.js';
import { packageRoot } from '../../package-root.js';
import { checkClaims } from '../../runner/claims/claim.js';
import { deepseekV3Claims } from '../../runner/claims/deepseek-v3-claims.js';
import { deepseekV3Shape } from '../../runner/claims/deepseek-v3-shape.js';
import { type Evidence, type EvidenceRun, sumCost } from '../../runner/claims/evidence.js';
import { computeMetrics } from '../../runner/metrics.js';
import { runRecord, sampleLine, suiteRecord } from './run-fixture.js';

const shape = { name: 'DeepSeek-V3', arch: deepseekV3Shape() };
const v3 = { ...runRecord().model, name: 'DeepSeek-V3-Base', total_parameters: 671_026_419_200 };

interface RunParts {
  readonly model?: ReturnType<typeof runRecord>['model'];
  readonly dtype?: 'bf16' | 'fp8';
  readonly device?: string;
  readonly source?: string;
  readonly protocol?: string;
  readonly shots?: number;
  /** Of 2,000 questions. */
  readonly right?: number;
  readonly questions?: number;
  readonly telemetry?: readonly object[];
}

function run(parts: RunParts = {}): EvidenceRun {
  const { model = v3, dtype = 'bf16', device = 'cpu', source = '/data', questions = 2000 } = parts;
  const { protocol = 'official', shots = 5, right = Math.round(questions * 0.871), telemetry = [] } = parts;
  const base = suiteRecord();
  const suite = suiteRecord({
    protocol,
    shots,
    groups: { anatomy: questions },
    datasets: base.datasets.map((dataset) => ({ ...dataset, source })),
  });
  const record = runRecord({ model, suites: [suite], engine: { ...runRecord().engine, dtype, device } });
  const lines = Array.from({ length: questions }, (_, i) =>
    sampleLine({
      id: `mmlu/anatomy/${i}`,
      group: 'anatomy',
      ...(i >= right && { status: 'wrong', answer: 'B', score: 0 }),
    }),
  );
  const text = telemetry.map((line) => JSON.stringify(line)).join('\n');
  return { folder: 'run', record, metrics: computeMetrics(record, lines), cost: sumCost(text) };
}

function check(id: string, runs: readonly EvidenceRun[] = [], evidence: Partial<Evidence> = {}) {
  const claims = checkClaims(deepseekV3Claims, { runs, shape, gpuHourPrice: 2, gpus: 1, ...evidence });
  const found = claims.find((claim) => claim.id === id);
  if (found === undefined) throw new Error(`no claim ${id}`);
  return found.finding;
}

const engine = (seconds: number, tokens: number, more: object = {}) => ({
  type: 'engine',
  step_ms: seconds * 1000,
  prefill_tokens: tokens,
  decode_tokens: 0,
  ...more,
});

describe('claims', () => {
  test('each has a name of its own, a source and a definition', () => {
    expect(new Set(deepseekV3Claims.map(({ id }) => id)).size).toBe(deepseekV3Claims.length);
    for (const { source, definition, claimed } of deepseekV3Claims) {
      expect(source.length * definition.length * claimed.length).toBeGreaterThan(0);
    }
  });

  test('without a run, nothing that needs one is said to hold', () => {
    const claims = checkClaims(deepseekV3Claims, { runs: [], shape, gpuHourPrice: 2, gpus: 1 });
    const open = claims.filter(({ topic }) => !['size', 'KV cache', 'training cost'].includes(topic));
    expect(open.length).toBeGreaterThan(10);
    for (const { finding } of open) {
      expect(finding).toMatchObject({ measured: '', verdict: 'not measured' });
      expect(finding.remark).not.toBe('');
    }
  });

  test('sizes are those of the shape at hand', () => {
    expect(check('size/total')).toMatchObject({ verdict: 'holds', measured: expect.stringMatching(/^671\.03 B/) });
    expect(check('size/active')).toMatchObject({ verdict: 'holds', measured: '36.63 B' });
    const nano = archSpecOf(JSON.parse(readFileSync(path.join(packageRoot, 'models', 'nano', 'config.json'), 'utf8')));
    expect(check('size/total', [], { shape: { name: 'nano', arch: nano } }).verdict).toBe('differs');
    expect(check('kv/v2-93').measured).toBe('93.3 %; 82.2 % at equal precision');
  });
});

describe('a score', () => {
  test.each<[string, RunParts, string, RegExp]>([
    ['as claimed', {}, 'holds', /DeepSeek-V3-Base/],
    ['a point lower, on many questions', { questions: 14_042, right: 12_050 }, 'differs', /lower/],
    ['higher', { questions: 14_042, right: 12_500 }, 'differs', /higher/],
    ['on forty questions', { questions: 40 }, 'undecided', /too few/],
    ['of another model', { model: runRecord().model }, 'not comparable', /nano is another model/],
    ['on the questions in the box', { source: 'embedded' }, 'not comparable', /own questions/],
    ['without shots', { shots: 0 }, 'not measured', /--shots 5/],
    ['of another protocol', { protocol: 'lm-eval' }, 'not measured', /--protocol official/],
  ])('%s', (_name, parts, verdict, remark) => {
    const finding = check('score/mmlu-base', [run(parts)]);
    expect(finding.verdict).toBe(verdict);
    expect(finding.remark).toMatch(remark);
  });

  test('of several runs the one of DeepSeek-V3 counts', () => {
    expect(check('score/mmlu-base', [run({ model: runRecord().model }), run()]).verdict).toBe('holds');
  });
});

describe('costs', () => {
  const bf16 = { dtype: 'bf16', telemetry: [engine(10, 1000, { weight_bytes: 200 })] } as const;
  const fp8 = { dtype: 'fp8', telemetry: [engine(5, 1000, { weight_bytes: 104 }), { torn: 1 }] } as const;

  test('FP8 on a CPU is measured and not compared with the claim', () => {
    expect(check('fp8/speed', [run(bf16), run(fp8)])).toMatchObject({
      measured: '2.00x on cpu',
      verdict: 'not comparable',
    });
  });

  test('FP8 on a GPU is', () => {
    const gpu = { device: 'cuda:0' };
    expect(check('fp8/speed', [run({ ...bf16, ...gpu }), run({ ...fp8, ...gpu })]).verdict).toBe('holds');
    expect(check('fp8/speed', [run({ ...bf16, ...gpu }), run(fp8)]).verdict).toBe('not comparable');
    expect(check('fp8/memory', [run(bf16), run(fp8)])).toMatchObject({ measured: '0.52x', verdict: 'holds' });
  });

  test('load of experts adds up over subjects', () => {
    const load = (group: string, counts: number[][]) => ({
      type: 'experts',
      suite: 'mmlu',
      group,
      layers: [3, 4],
      counts,
    });
    const telemetry = [
      load('a', [
        [1, 1],
        [4, 0],
      ]),
      load('b', [
        [1, 1],
        [2, 2],
      ]),
    ];
    expect(check('experts/balance', [run({ telemetry })]).measured).toBe('1.00, 1.50');
  });

  test('acceptance of drafts is that of all intervals', () => {
    const drafts = (drafted_tokens: number, accepted_tokens: number) =>
      engine(1, 1, { drafted_tokens, accepted_tokens });
    const finding = check('mtp/acceptance', [run({ telemetry: [drafts(100, 90), drafts(300, 260)] })]);
    expect(finding).toMatchObject({ measured: '87.5 % of 400 drafts', verdict: 'holds' });
  });

  test('tokens cost what the GPUs cost while they were computed', () => {
    const telemetry = [engine(3.6, 1_000_000)];
    const finding = check('serving/cost', [run({ device: 'cuda:0', telemetry })], { gpuHourPrice: 2, gpus: 8 });
    expect(finding.measured).toMatch(/^\$0\.0160 at 277,778 tokens\/s/);
  });
});
