/**
 * Opens a checkpoint on one device after the other, asks the same of each, and prints what each computed, as JSON:
 * `cuda-sim-process.js REQUEST`, where REQUEST is a SimRequest as JSON. Run with the addon that has the simulated GPU.
 */
import type { GenerateRequest, ScoreRequest } from '../../engine/engine.js';
import { type EngineOptions, loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';

export interface SimRequest {
  readonly engines: readonly Pick<EngineOptions, 'model' | 'dtype' | 'device' | 'referenceKernels' | 'batchTokens'>[];
  readonly scores: readonly ScoreRequest[];
  readonly answers: readonly GenerateRequest[];
  /** A sequence whose logits are asked for. */
  readonly sequence: readonly number[];
  /** Answers with drafts of the MTP module, too. */
  readonly mtp: boolean;
}

/** What one engine computed; `alone` is each request in a call of its own. */
export interface SimAnswer {
  readonly info: LocalEngine['info'];
  readonly notices: readonly string[];
  readonly scores: { readonly alone: Scores; readonly batched: Scores };
  readonly answers: { readonly alone: Answers; readonly batched: Answers; readonly drafted: Answers };
  readonly logits: readonly number[];
  readonly memory: ReturnType<LocalEngine['memory']>;
  /** Before the first question. */
  readonly loadedMemory: ReturnType<LocalEngine['memory']>;
}
type Scores = Readonly<Record<string, readonly number[]>>;
type Answers = Readonly<Record<string, readonly number[]>>;

async function scoresOf(engine: LocalEngine, requests: readonly ScoreRequest[]): Promise<Scores> {
  const scores: Record<string, readonly number[]> = {};
  for await (const { id, logProbs } of engine.score(requests)) scores[id] = logProbs;
  return scores;
}

async function answersOf(engine: LocalEngine, requests: readonly GenerateRequest[], mtp = false): Promise<Answers> {
  const answers: Record<string, readonly number[]> = {};
  for await (const { id, ids } of engine.generate(requests, { mtp })) answers[id] = ids;
  return answers;
}

/** One call for each request, merged. */
async function alone<Request, Result>(
  requests: readonly Request[],
  ask: (one: readonly Request[]) => Promise<Result>,
): Promise<Result> {
  const results: Result[] = [];
  for (const request of requests) results.push(await ask([request]));
  return Object.assign({}, ...results);
}

async function answerOf(options: EngineOptions, request: SimRequest): Promise<SimAnswer> {
  const notices: string[] = [];
  const engine = await loadEngine({ ...options, withoutTokenizer: true, onNotice: (line) => notices.push(line) });
  const { scores, answers, mtp } = request;
  const loadedMemory = engine.memory();
  const logits: number[] = [];
  for await (const part of engine.logits(request.sequence)) logits.push(...part.logits);
  const answer = {
    info: engine.info,
    notices,
    scores: { batched: await scoresOf(engine, scores), alone: await alone(scores, (one) => scoresOf(engine, one)) },
    answers: {
      batched: await answersOf(engine, answers),
      alone: await alone(answers, (one) => answersOf(engine, one)),
      drafted: mtp ? await answersOf(engine, answers, true) : {},
    },
    logits,
    memory: engine.memory(),
    loadedMemory,
  };
  await engine.close();
  return answer;
}

const request = JSON.parse(process.argv[2] ?? '') as SimRequest;
const answers: SimAnswer[] = [];
for (const options of request.engines) answers.push(await answerOf({ ...options, threads: 1, kvTokens: 512 }, request));
console.log(JSON.stringify(answers));
