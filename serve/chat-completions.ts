/** POST /v1/chat/completions. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type ChatBody, messagesOf, parseChatBody } from './chat-body.js';
import type { TextDelta } from './live-text.js';
import { chatLogProbs } from './log-prob-lists.js';
import {
  CollectedText,
  type DeltaListener,
  finishOf,
  isFinished,
  respondWithEvents,
  type ServeContext,
  usageOf,
} from './respond.js';
import { CHAT_MAX_TOKENS } from './serve-limits.js';
import { startTexts, type TextJob } from './text-job.js';

export async function answerChat(reply: FastifyReply, body: unknown, context: ServeContext): Promise<unknown> {
  const asked = parseChatBody(body);
  const { model } = context;
  model.checkName(asked.model);
  const prompt = await model.renderChat(messagesOf(asked));
  const room = model.info.contextLength - prompt.ids.length;
  const maxTokens = asked.max_completion_tokens ?? asked.max_tokens ?? Math.max(1, Math.min(room, CHAT_MAX_TOKENS));
  const head = {
    id: `chatcmpl-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: model.name,
    system_fingerprint: model.fingerprint,
  };
  const start = (onDelta: DeltaListener): TextJob =>
    startTexts(model, {
      id: head.id,
      prompts: [prompt],
      maxTokens: [maxTokens],
      body: asked,
      echo: false,
      logProbs: asked.logprobs ? (asked.top_logprobs ?? 0) : undefined,
      logsEnd: false,
      limits: context.limits,
      onDelta,
    });
  if (asked.stream) {
    const chunk = { ...head, object: 'chat.completion.chunk' };
    const withUsage = asked.stream_options.include_usage;
    const begun = new Set<number>();
    const events = (index: number, delta: TextDelta) => {
      const role = begun.has(index) ? {} : { role: 'assistant' };
      begun.add(index);
      const { text, tokens, result } = delta;
      const isEmpty = text === '' && tokens.length === 0;
      const finish = result === undefined ? { finish_reason: null } : finishOf(result);
      const choice = {
        index,
        delta: isEmpty ? role : { ...role, content: text },
        logprobs: logProbsOf(tokens, asked),
        ...finish,
      };
      return [{ ...chunk, choices: [choice], ...(withUsage && { usage: null }) }];
    };
    const last = (job: TextJob) => (withUsage ? [{ ...chunk, choices: [], usage: usageOf(job) }] : []);
    await respondWithEvents(reply, { endpoint: '/v1/chat/completions', start, events, last }, context);
    return reply;
  }
  const texts = Array.from({ length: asked.n }, () => new CollectedText());
  const job = start((index, delta) => texts[index]?.add(delta));
  if (!(await isFinished(job, reply.raw))) {
    context.metrics.onCancelled();
    return reply.hijack();
  }
  const choices = texts.map(({ text, tokens, result }, index) => ({
    index,
    message: { role: 'assistant', content: text, refusal: null },
    logprobs: logProbsOf(tokens, asked),
    ...(result !== undefined && finishOf(result)),
  }));
  return { ...head, object: 'chat.completion', choices, usage: usageOf(job) };
}

function logProbsOf(tokens: TextDelta['tokens'], asked: ChatBody): object | null {
  if (!asked.logprobs) return null;
  return { content: chatLogProbs(tokens, { asIds: asked.return_tokens_as_token_ids }), refusal: null };
}
