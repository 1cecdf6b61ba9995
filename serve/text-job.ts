/** All texts of one request on the running session: asked together, cancelled together. */
import { randomInt } from 'node:crypto';
import type { SamplingOptions } from '../engine/engine.js';
import type { LiveRequest } from '../engine/live/live-request.js';
import { sampleKey } from '../engine/sample-key.js';
import { ApiError } from './api-error.js';
import type { CommonBody } from './body-fields.js';
import { LiveText, type TextDelta } from './live-text.js';
import type { ServeLimits } from './serve-limits.js';
import type { ServedModel, ServedPrompt } from './served-model.js';

export interface TextJobOptions {
  readonly id: string;
  readonly prompts: readonly ServedPrompt[];
  /** For each prompt. */
  readonly maxTokens: readonly number[];
  readonly body: CommonBody;
  readonly echo: boolean;
  /** Most probable tokens beside each token; undefined: no log-probabilities. */
  readonly logProbs: number | undefined;
  /** Whether the id that ends a text is among the tokens with log-probabilities, as clients of completions expect. */
  readonly logsEnd: boolean;
  readonly limits: Pick<ServeLimits, 'textsPerRequest' | 'queue'>;
  /** A piece of the text with this index: the prompt's place times `n`, and the number of the text. */
  readonly onDelta: (index: number, delta: TextDelta) => void;
}

export interface TextJob {
  readonly promptTokens: number;
  readonly completionTokens: () => number;
  /** Rejects when the engine failed. */
  readonly done: Promise<void>;
  cancel(): void;
}

/** @throws ApiError 400 for too many texts, 429 while too many wait; what the session throws */
export function startTexts(model: ServedModel, options: TextJobOptions): TextJob {
  const { id, prompts, body, echo, logProbs } = options;
  checkRoom(model, prompts.length * body.n, options.limits);
  const seed = body.seed ?? randomInt(2 ** 47);
  const sampling = samplingOf(body, seed);
  const cancels: (() => void)[] = [];
  const texts: LiveText[] = [];
  const cancel = () => {
    for (const one of cancels) one();
  };
  try {
    for (const [at, prompt] of prompts.entries()) {
      // Draws are a function of seed, prompt and number, so that a text does not depend on what else was asked.
      const name = body.temperature > 0 ? JSON.stringify(prompt.ids) : '';
      for (let repeat = 0; repeat < body.n; ++repeat) {
        const text = new LiveText({
          tokenText: model.tokenText,
          decode: model.decode,
          stop: body.stop,
          ...(echo && { echo: prompt }),
          logged: logProbs !== undefined,
          logsEnd: options.logsEnd,
          onDelta: (delta) => options.onDelta(at * body.n + repeat, delta),
        });
        const request: LiveRequest = {
          owner: id,
          context: prompt.ids,
          maxTokens: options.maxTokens[at] ?? 0,
          sampling,
          key: sampleKey(seed, name, repeat),
          stop: body.stop,
          stopIds: [...(body.ignore_eos ? [] : model.engine.arch.eosIds), ...body.stop_token_ids],
          ...(logProbs !== undefined && { logProbs }),
          ...(logProbs !== undefined && echo && { promptLogProbs: logProbs }),
        };
        cancels.push(model.session.add(request, text));
        texts.push(text);
      }
    }
  } catch (error) {
    cancel();
    throw error;
  }
  return {
    promptTokens: prompts.reduce((sum, { ids }) => sum + ids.length, 0),
    completionTokens: () => texts.reduce((sum, { tokenCount }) => sum + tokenCount, 0),
    done: Promise.all(texts.map(({ ended }) => ended)).then(() => undefined),
    cancel,
  };
}

function checkRoom(model: ServedModel, texts: number, { textsPerRequest, queue }: TextJobOptions['limits']): void {
  if (texts > textsPerRequest) {
    throw new ApiError('serve/too-many-texts', {
      status: 400,
      param: 'prompt',
      what: 'The request asks for too many texts (prompts times "n")',
      expected: `at most ${textsPerRequest}`,
      found: String(texts),
      todo: 'send several requests',
    });
  }
  if (model.session.waiting === 0 || model.session.waiting + texts <= queue) return;
  throw new ApiError('serve/queue-full', {
    status: 429,
    wireCode: 'queue_full',
    what: `${model.session.waiting} texts wait for their turn`,
    expected: `at most ${queue} together with the ${texts} of this request`,
    todo: 'try again later',
    retryAfter: 1 + Math.ceil(model.session.waiting / 256),
  });
}

function samplingOf({ temperature, top_p: topP, top_k: topK, min_p: minP }: CommonBody, seed: number): SamplingOptions {
  return temperature === 0 ? {} : { temperature, topP, topK: Math.max(0, topK), minP, seed };
}
