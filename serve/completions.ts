/** POST /v1/completions. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type CompletionBody, parseCompletionBody, promptsOf } from './completion-body.js';
import type { TextDelta } from './live-text.js';
import { completionLogProbs } from './log-prob-lists.js';
import {
  CollectedText,
  type DeltaListener,
  finishOf,
  isFinished,
  respondWithEvents,
  type ServeContext,
  usageOf,
} from './respond.js';
import { startTexts, type TextJob } from './text-job.js';

export async function answerCompletion(reply: FastifyReply, body: unknown, context: ServeContext): Promise<unknown> {
  const asked = parseCompletionBody(body);
  const { model } = context;
  model.checkName(asked.model);
  const prompts = promptsOf(asked).map((prompt) => model.encode(prompt, asked.add_special_tokens));
  const head = {
    id: `cmpl-${randomUUID()}`,
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model: model.name,
    system_fingerprint: model.fingerprint,
  };
  const start = (onDelta: DeltaListener): TextJob =>
    startTexts(model, {
      id: head.id,
      prompts,
      maxTokens: prompts.map(() => asked.max_tokens),
      body: asked,
      echo: asked.echo,
      logProbs: asked.logprobs,
      logsEnd: true,
      limits: context.limits,
      onDelta,
    });
  if (asked.stream) {
    const withUsage = asked.stream_options.include_usage;
    const events = (index: number, delta: TextDelta) => [
      { ...head, choices: [choiceOf(index, delta, asked)], ...(withUsage && { usage: null }) },
    ];
    const last = (job: TextJob) => (withUsage ? [{ ...head, choices: [], usage: usageOf(job) }] : []);
    await respondWithEvents(reply, { endpoint: '/v1/completions', start, events, last }, context);
    return reply;
  }
  const texts = Array.from({ length: prompts.length * asked.n }, () => new CollectedText());
  const job = start((index, delta) => texts[index]?.add(delta));
  if (!(await isFinished(job, reply.raw))) {
    context.metrics.onCancelled();
    return reply.hijack();
  }
  return { ...head, choices: texts.map((text, index) => choiceOf(index, text, asked)), usage: usageOf(job) };
}

function choiceOf(
  index: number,
  { text, tokens, result }: Pick<TextDelta, 'text' | 'tokens'> & { readonly result?: TextDelta['result'] },
  asked: CompletionBody,
): object {
  const isListed = asked.logprobs !== undefined;
  return {
    index,
    text,
    logprobs: isListed ? completionLogProbs(tokens, { asIds: asked.return_tokens_as_token_ids }) : null,
    ...(result === undefined ? { finish_reason: null } : finishOf(result)),
  };
}
