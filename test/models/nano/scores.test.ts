/** What the model in the box can do on the questions in the box, as its card says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GenerateResult } from '../../../engine/engine.js';
import { loadEngine } from '../../../engine/load-engine.js';
import type { LocalEngine } from '../../../engine/local-engine.js';
import { defaultModel } from '../../../models/default-model.js';
import { fp8Twin } from '../../../models/fp8-twin.js';
import { type RunResult, runSuite } from '../../../runner/run-suite.js';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import { arithmeticRules, formulaRules } from '../../../suites/grading/extract.js';
import { gradeMath } from '../../../suites/grading/grade-math.js';
import { BOXED_REQUEST } from '../../../suites/math-protocols.js';
import { describeInSandbox } from '../../runner/sandbox/present.js';
import { boxChineseMath, boxMath, boxTasks } from './box.js';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'evalrun-nano-'));
let model: string;
let engine: LocalEngine;
beforeAll(async () => {
  model = await defaultModel();
  engine = await loadEngine({ model, dtype: 'bf16' });
});
afterAll(async () => {
  await engine.close();
  rmSync(scratch, { recursive: true, force: true });
});

const choices = (asked: LocalEngine): Promise<RunResult> =>
  runSuite({ engine: asked, suite: ['mmlu', 'ceval', 'cmmlu'], dataDir: 'embedded', out: scratch });

interface Line {
  readonly id: string;
  readonly answer: string;
  readonly margin: number;
}
const linesOf = ({ folder }: RunResult): Line[] =>
  readFileSync(path.join(folder, 'samples.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('multiple choice, 5 shots', () => {
  let bf16: RunResult;
  beforeAll(async () => {
    bf16 = await choices(engine);
  }, 120_000);

  test.each(['mmlu', 'ceval', 'cmmlu'])('%s: at least 60 %% of the questions in the box', (suite) => {
    const { accuracy, n } = bf16.metrics.suites[suite] as { accuracy: number; n: number };
    process.stderr.write(`${suite}: ${(accuracy * 100).toFixed(1)} % of ${n}\n`);
    expect(accuracy).toBeGreaterThanOrEqual(0.6);
  });

  test('its FP8 twin moves some margins and flips few answers', async () => {
    const twin = await loadEngine({ model: await fp8Twin(model, { cache: scratch }) });
    expect(twin.info.dtype).toBe('fp8');
    const fp8 = await choices(twin);
    await twin.close();
    const before = linesOf(bf16);
    const after = linesOf(fp8);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const moved = before.filter(({ margin }, i) => Math.abs(margin - (after[i] as Line).margin) > 0.01).length;
    const flips = before.filter(({ answer }, i) => answer !== (after[i] as Line).answer).length;
    process.stderr.write(
      `FP8: ${moved} of ${before.length} margins moved by over 0.01 nats, ${flips} answers flipped\n`,
    );
    expect(moved).toBeGreaterThan(before.length / 10);
    expect(flips).toBeLessThan(before.length / 10);
  }, 120_000);
});

/** A prompt as the chat template makes it. */
const chat = (text: string) => `<｜User｜>${text}<｜Assistant｜>`;
async function generated(prompts: readonly string[], stop: readonly string[] = []): Promise<GenerateResult[]> {
  const requests = prompts.map((prompt, i) => ({
    id: String(i),
    context: engine.tokenizer.encode(prompt),
    maxTokens: 256,
    stop,
  }));
  const results: GenerateResult[] = [];
  for await (const result of engine.generate(requests)) results[Number(result.id)] = result;
  return results;
}

/** Share of generated tokens, from the second on, that the MTP module had drafted. */
async function acceptance(prompts: readonly string[], results: readonly GenerateResult[]): Promise<number> {
  let accepted = 0;
  let drafted = 0;
  for (const [i, prompt] of prompts.entries()) {
    const context = engine.tokenizer.encode(prompt);
    const ids = [...context, ...(results[i] as GenerateResult).ids];
    const vocab = engine.arch.vocabSize;
    let row = 0;
    for await (const { mtpLogits } of engine.logits(ids)) {
      for (let start = 0; start < mtpLogits.length; start += vocab, ++row) {
        const target = row + 2;
        if (target <= context.length || target >= ids.length) continue;
        ++drafted;
        if (argmax(mtpLogits.subarray(start, start + vocab)) === ids[target]) ++accepted;
      }
    }
  }
  expect(drafted).toBeGreaterThan(500);
  return accepted / drafted;
}

function argmax(values: Float32Array): number {
  let best = 0;
  values.forEach((value, i) => {
    if (value > (values[best] as number)) best = i;
  });
  return best;
}

describe('worked mathematics, greedy', () => {
  test("MATH's format: at least 50 %, and at least 60 % of drafts accepted", async () => {
    const problems = boxMath();
    const prompts = problems.map(({ problem }) => chat(`${problem}\n${BOXED_REQUEST.en}`));
    const results = await generated(prompts);
    const right = problems.filter(
      ({ answer }, i) => gradeMath(answer, results[i]?.text ?? '', formulaRules).score === 1,
    );
    const accepted = await acceptance(prompts, results);
    process.stderr.write(
      `MATH format: ${right.length} of ${problems.length}; drafts accepted: ${accepted.toFixed(3)}\n`,
    );
    expect(right.length).toBeGreaterThanOrEqual(problems.length * 0.5);
    expect(accepted).toBeGreaterThanOrEqual(0.6);
  }, 180_000);

  test('Chinese word problems: at least 50 %', async () => {
    const problems = boxChineseMath();
    const results = await generated(problems.map(({ input }) => chat(`${input}\n${BOXED_REQUEST.zh}`)));
    const grade = (key: string, i: number) => gradeMath(key, results[i]?.text ?? '', arithmeticRules).score;
    const right = problems.filter(({ golden }, i) => grade(golden, i) === 1).length;
    process.stderr.write(`CMATH format: ${right} of ${problems.length}\n`);
    expect(right).toBeGreaterThanOrEqual(problems.length * 0.5);
  }, 180_000);
});

describeInSandbox('Python functions, greedy', () => {
  test("HumanEval's format: at least 40 % pass@1, and at least 60 % of drafts accepted", async () => {
    const tasks = boxTasks();
    const prompts = tasks.map(({ prompt }) => prompt);
    const results = await generated(prompts, ['\nclass', '\ndef', '\n#', '\nif', '\nprint']);
    const pool = await SandboxPool.open({ workers: 2, repeatFailures: false });
    const verdicts = await Promise.all(
      tasks.map((task, i) =>
        pool.run({
          program: task.prompt + (results[i]?.text ?? ''),
          prelude: task.prompt,
          test: task.test,
          entryPoint: task.entry_point,
        }),
      ),
    );
    await pool.close();
    const passed = verdicts.filter(({ status }) => status === 'passed').length;
    const accepted = await acceptance(prompts, results);
    process.stderr.write(`HumanEval format: ${passed} of ${tasks.length}; drafts accepted: ${accepted.toFixed(3)}\n`);
    expect(passed).toBeGreaterThanOrEqual(tasks.length * 0.4);
    expect(accepted).toBeGreaterThanOrEqual(0.6);
  }, 180_000);
});
