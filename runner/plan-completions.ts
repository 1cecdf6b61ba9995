/** Questions answered in writing as the engine will see them: chat template, token ids, limits, sampling. */
import { renderChats } from '../engine/chat-template.js';
import type { GenerateRequest, PromptForms, SamplingOptions, Tokenizer } from '../engine/engine.js';
import { encodeChat, encodeText } from '../engine/prompt-ids.js';
import { PromptStore } from '../engine/prompt-store.js';
import { checkSampling } from '../engine/sampling-check.js';
import { EvalrunError } from '../errors.js';
import { sha256Hex } from '../sha256.js';
import type { GenerativePlan } from '../suites/suite.js';
import { stopIfAborted } from './interruption.js';
import { breath } from './plan-choices.js';
import type { GenerationRecord, RunSettings } from './run-record.js';

export interface PlannedCompletion {
  readonly id: string;
  readonly suite: string;
  readonly group: string;
  /** Which of several answers to the same question this is. */
  readonly repeat: number;
  readonly target: string;
  /** SHA-256 of the prompt's UTF-8 text, chat template included, hex. */
  readonly promptSha256: string;
  readonly request: GenerateRequest;
}

export interface CompletionOptions {
  readonly settings: RunSettings;
  readonly tokenizer: Tokenizer;
  /** Most tokens, prompt and answer together; 0 where that is not known. */
  readonly contextLength: number;
  /** What the engine's requests must hold; default token ids alone. */
  readonly prompts?: PromptForms | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Throws `usage/chat` when a chat was asked for that cannot be had, `tokenizer/chat-template` for a template that does not work,
 * `usage/sampling`, and `suite/prompt-too-long` naming a sample that leaves no room for an answer.
 */
export async function planCompletions(
  plan: GenerativePlan,
  options: CompletionOptions,
): Promise<{ samples: PlannedCompletion[]; generation: GenerationRecord; notes: string[] }> {
  const { settings, tokenizer, signal } = options;
  const prompts = await renderPrompts(plan, { chat: settings.chat ?? 'auto', tokenizer, forms: options.prompts });
  const { sampling, repeats } = samplingOf(settings);
  const maxTokens = settings.max_tokens ?? plan.maxTokens;
  const stored = new PromptStore();
  const samples: PlannedCompletion[] = [];
  for (const [at, { id, suite, group, target, stop = plan.stop }] of plan.samples.entries()) {
    if (at % breath === 0) await new Promise((resolve) => setImmediate(resolve));
    stopIfAborted(signal);
    const { text, ids } = prompts.at(at);
    const request: GenerateRequest = {
      id,
      group: `${suite}/${group}`,
      context: stored.add(ids),
      maxTokens: roomFor(id, ids.length, maxTokens, options),
      sampling,
      stop,
    };
    const promptSha256 = sha256Hex(text);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const asked = options.prompts?.text ? withPrompt({ ...request, repeat }, prompts, at) : { ...request, repeat };
      samples.push({ id, suite, group, repeat, target, promptSha256, request: asked });
    }
  }
  const { temperature = 0, topP = 1, topK = 0, minP = 0 } = sampling;
  const generation = {
    asks: plan.asks,
    chat_template_sha256: prompts.usesTemplate ? sha256Hex(tokenizer.chatTemplate ?? '') : null,
    ...(options.prompts?.text && { endpoint: prompts.isServersChat ? ('chat' as const) : ('completions' as const) }),
    stop: [...plan.stop],
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    samples: repeats,
    executes: plan.executes,
  };
  const isPlain = plan.asks === 'chat' && !prompts.usesTemplate && !prompts.isServersChat;
  const why = settings.chat === 'off' ? '--chat is off' : 'the checkpoint has no chat template';
  return { samples, generation, notes: isPlain ? [`Asked in plain text: ${why}.`] : [] };
}

/** The request with the prompt as text, which is written when it is sent. */
function withPrompt(request: GenerateRequest, prompts: RenderedPrompts, place: number): GenerateRequest {
  // A getter of its own object, because spreading would read it.
  const written = prompts.isServersChat
    ? {
        get messages() {
          return [{ role: 'user' as const, content: prompts.text(place) }];
        },
      }
    : {
        get text() {
          return prompts.text(place);
        },
      };
  return Object.assign(written, request);
}

/** What a prompt asks, for the hash over all prompts of a suite. */
export function completionIdentity({ id, repeat, promptSha256, target, request }: PlannedCompletion): string {
  return JSON.stringify([id, repeat, promptSha256, target, request.context, request.maxTokens, request.stop]);
}

export interface RenderedPrompts {
  readonly usesTemplate: boolean;
  /** The prompts are messages, which a server puts into the model's template. */
  readonly isServersChat: boolean;
  /** The prompt of a plan's sample. */
  text(place: number): string;
  /** Text and token ids of the prompt of a plan's sample. */
  at(place: number): { readonly text: string; readonly ids: number[] };
}

/** The prompts of a plan as the model gets them. Throws as planCompletions does. */
export async function renderPrompts(
  plan: GenerativePlan,
  {
    chat,
    tokenizer,
    forms,
  }: {
    readonly chat: 'auto' | 'on' | 'off';
    readonly tokenizer: Tokenizer;
    readonly forms?: PromptForms | undefined;
  },
): Promise<RenderedPrompts> {
  const text = (place: number) => plan.samples[place]?.prompt ?? '';
  const isServersChat = plan.asks === 'chat' && chat !== 'off' && forms?.chat === true;
  if (isServersChat)
    return { usesTemplate: false, isServersChat, text, at: (place) => ({ text: text(place), ids: [] }) };
  if (!usesTemplate(plan, chat, tokenizer)) {
    const at = (place: number) => {
      const prompt = text(place);
      return { text: prompt, ids: forms?.ids === false ? [] : encodeText(tokenizer, prompt) };
    };
    return { usesTemplate: false, isServersChat, text, at };
  }
  const chats = await renderChats(
    tokenizer,
    plan.samples.map(({ prompt: content }) => [{ role: 'user', content }]),
  );
  const rendered = (place: number) => chats[place] ?? '';
  return {
    usesTemplate: true,
    isServersChat,
    text: rendered,
    at: (place) => ({ text: rendered(place), ids: encodeChat(tokenizer, rendered(place)) }),
  };
}

function usesTemplate({ suite, protocol, asks }: GenerativePlan, chat: 'auto' | 'on' | 'off', tokenizer: Tokenizer) {
  if (chat === 'auto') return asks === 'chat' && tokenizer.chatTemplate !== undefined;
  if (chat === 'off') return false;
  if (asks === 'completion') {
    throw new EvalrunError('usage/chat', {
      what: `the ${protocol} protocol of ${suite} lets the model continue a text, so there is nothing to put into a chat`,
      todo: `leave --chat out, or name a chat protocol of ${suite}, e.g. --protocol deepseek`,
    });
  }
  if (tokenizer.chatTemplate !== undefined) return true;
  throw new EvalrunError('usage/chat', {
    what: '--chat on needs a chat template, and this checkpoint has none',
    expected: 'chat_template.jinja, or chat_template in tokenizer_config.json',
    todo: 'use a chat model, or leave --chat out to ask in plain text',
  });
}

function samplingOf(settings: RunSettings): { sampling: SamplingOptions; repeats: number } {
  const { temperature = 0, top_p: topP = 1, top_k: topK = 0, min_p: minP = 0, seed } = settings;
  const sampling = { temperature, topP, topK, minP, seed };
  checkSampling(sampling);
  // Greedy needs no options, and the same text must not depend on a seed.
  return { sampling: temperature === 0 ? {} : sampling, repeats: settings.samples ?? 1 };
}

function roomFor(id: string, promptTokens: number, maxTokens: number, { contextLength }: CompletionOptions): number {
  const room = contextLength === 0 ? maxTokens : contextLength - promptTokens;
  if (room > 0) return Math.min(maxTokens, room);
  throw new EvalrunError('suite/prompt-too-long', {
    what: `the question of ${id} leaves no room for an answer`,
    expected: `fewer than ${contextLength} prompt tokens`,
    found: String(promptTokens),
    todo: 'use a model with a longer context',
  });
}
