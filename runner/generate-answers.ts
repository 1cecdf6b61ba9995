/** Written answers: generation by the engine and judgement beside it, so that neither waits for the other. */
import type { Engine, GenerateOptions, GenerateResult } from '../engine/engine.js';
import { wrongResults } from './execute.js';
import { type JudgedAnswer, type JudgeOptions, judgeAnswer } from './judge-answer.js';
import type { Outcome } from './outcome.js';
import type { PlannedCompletion } from './plan-completions.js';
import { keyOf } from './sample-line.js';

/**
 * Outcomes in the order in which they are known. Throws `internal/engine-results` for a result that nobody asked for, and what the
 * engine and the sandbox throw; whatever ends it, no program is running afterwards.
 */
export async function* generateAnswers(
  engine: Engine,
  samples: readonly PlannedCompletion[],
  options: JudgeOptions & Pick<GenerateOptions, 'mtp'>,
): AsyncGenerator<Outcome> {
  const waiting = new Map(samples.map((sample) => [keyOf(sample), sample]));
  const { mtp = false } = options;
  const requests = samples.map(({ request }) => request);
  const results = engine.generate(requests, { mtp })[Symbol.asyncIterator]();
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const running = new Set<Promise<undefined>>();
  const known: Outcome[] = [];
  const judge = (sample: PlannedCompletion, result: GenerateResult) => {
    const judged: Promise<undefined> = judgeSample(sample, result, { ...options, signal }).then((outcome) => {
      known.push(outcome);
      running.delete(judged);
      return undefined;
    });
    // A failure is seen when the loop waits for it; until then it is nobody's unhandled rejection.
    judged.catch(() => {});
    running.add(judged);
  };
  const ask = () => {
    const asked = results.next();
    asked.catch(() => {});
    return asked;
  };
  let next: Promise<IteratorResult<GenerateResult>> | undefined = ask();
  try {
    for (;;) {
      for (let outcome = known.shift(); outcome !== undefined; outcome = known.shift()) yield outcome;
      if (next === undefined && running.size === 0) return;
      const arrived: IteratorResult<GenerateResult> | undefined = await Promise.race([
        ...(next === undefined ? [] : [next]),
        ...running,
      ]);
      if (arrived === undefined) continue;
      next = arrived.done ? undefined : ask();
      if (arrived.done) continue;
      const sample = waiting.get(keyOf(arrived.value));
      if (sample === undefined) throw wrongResults(`a result for ${keyOf(arrived.value)}, which was not asked for`);
      judge(sample, arrived.value);
    }
  } finally {
    stop.abort();
    await Promise.allSettled(running);
    await results.return?.();
  }
}

/** There is nothing to judge. */
const unanswered: JudgedAnswer = { status: 'engine_error', answer: null, score: 0, extractedBy: null, rule: null };

async function judgeSample(sample: PlannedCompletion, result: GenerateResult, options: JudgeOptions): Promise<Outcome> {
  const judged = result.error === undefined ? await judgeAnswer(sample.id, result, options) : unanswered;
  const { status, answer, score, extractedBy, rule, sandbox } = judged;
  const completionTokens = result.completionTokens ?? result.ids.length;
  const { id, suite, group, repeat, target, promptSha256 } = sample;
  return {
    line: {
      id,
      suite,
      group,
      repeat,
      status,
      target,
      answer,
      score,
      ...(result.thinking !== undefined && { thinking: result.thinking }),
      output: result.text,
      end: result.error === undefined ? result.end : 'error',
      extracted_by: extractedBy,
      rule,
      prompt_tokens: result.promptTokens,
      completion_tokens: completionTokens,
      prompt_sha256: promptSha256,
      ...(result.error !== undefined && { error: result.error }),
    },
    cost: {
      promptTokens: result.promptTokens,
      sharedTokens: result.sharedTokens ?? 0,
      completionTokens,
      ...(sandbox && { sandbox }),
    },
  };
}
