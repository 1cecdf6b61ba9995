/** The end of every answer: whole, in pieces, or given up because the client has gone. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { apiErrorOf } from './api-error.js';
import { EventStream } from './event-stream.js';
import type { TextDelta } from './live-text.js';
import type { ServeLimits } from './serve-limits.js';
import type { ServeMetrics } from './serve-metrics.js';
import type { ServedModel } from './served-model.js';
import type { TextJob } from './text-job.js';

/** What all endpoints share. */
export interface ServeContext {
  readonly model: ServedModel;
  readonly limits: ServeLimits;
  readonly metrics: ServeMetrics;
}

export type DeltaListener = (index: number, delta: TextDelta) => void;

export interface StreamedAnswer {
  /** The route, for metrics. */
  readonly endpoint: string;
  /** Starts the work; may throw before anything is sent. */
  readonly start: (onDelta: DeltaListener) => TextJob;
  /** The events of a piece. */
  readonly events: (index: number, delta: TextDelta) => readonly object[];
  /** The events after the last piece. */
  readonly last: (job: TextJob) => readonly object[];
}

/** Server-sent events. What fails before the first is an error with a status; what fails later is an event that says so. */
export async function respondWithEvents(
  reply: FastifyReply,
  { endpoint, start, events, last }: StreamedAnswer,
  { limits, metrics }: ServeContext,
): Promise<void> {
  const begin = performance.now();
  const early: [number, TextDelta][] = [];
  let onDelta: DeltaListener = (index, delta) => early.push([index, delta]);
  const job = start((index, delta) => onDelta(index, delta));
  reply.hijack();
  const stream = new EventStream(reply.raw, limits);
  let isFirst = true;
  onDelta = (index, delta) => {
    if (isFirst) metrics.onFirstPiece(endpoint, performance.now() - begin);
    isFirst = false;
    for (const event of events(index, delta)) stream.send(event);
  };
  for (const [index, delta] of early) onDelta(index, delta);
  try {
    if (!(await isFinished(job, reply.raw))) return metrics.onCancelled();
    for (const event of last(job)) stream.send(event);
  } catch (error) {
    stream.send(apiErrorOf(error).toBody());
  }
  stream.end();
}

/** Waits for the job; false when the client has gone, whose work is then given up. */
export async function isFinished(job: TextJob, response: ServerResponse): Promise<boolean> {
  let onClose = () => {};
  const gone = new Promise<false>((resolve) => {
    onClose = () => resolve(false);
    response.once('close', onClose);
    if (response.destroyed) onClose();
  });
  try {
    return await Promise.race([job.done.then(() => true), gone]);
  } finally {
    response.off('close', onClose);
    job.cancel();
  }
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export function usageOf(job: TextJob): Usage {
  const [prompt, completion] = [job.promptTokens, job.completionTokens()];
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** Why a text ended, in OpenAI's words, and the stop string as vLLM tells it. */
export function finishOf({ end, stopped }: NonNullable<TextDelta['result']>) {
  return { finish_reason: end === 'truncated' ? 'length' : 'stop', stop_reason: stopped ?? null };
}

/** A text put together from its pieces. */
export class CollectedText {
  text = '';
  readonly tokens: TextDelta['tokens'][number][] = [];
  result: TextDelta['result'];

  add({ text, tokens, result }: TextDelta): void {
    this.text += text;
    this.tokens.push(...tokens);
    this.result ??= result;
  }
}
