/** Renders a checkpoint's chat template, which is a program that somebody else wrote: in a thread with bounds. */
import { Worker } from 'node:worker_threads';
import { EvalrunError } from '../errors.js';
import type { Tokenizer } from './engine.js';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What the thread gets; plain data. */
export interface TemplateJob {
  readonly source: string;
  readonly conversations: readonly (readonly ChatMessage[])[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly maxAddedCharacters: number;
}

/** What the thread answers for each conversation in turn. */
export type TemplateAnswer = { readonly text: string } | { readonly failure: string };

export interface TemplateLimits {
  /** For the first conversation (parsing and the start of the thread included) and for each one after it. */
  readonly timeoutMs: number;
  readonly heapMegabytes: number;
  /** What a template may print besides the messages: the longest published system prompts are a tenth of it. */
  readonly maxAddedCharacters: number;
}

export const templateLimits: TemplateLimits = { timeoutMs: 5000, heapMegabytes: 128, maxAddedCharacters: 65_536 };

/**
 * The text of each conversation up to where the assistant's answer begins. The template sees `messages`,
 * `add_generation_prompt`, `bos_token` and `eos_token`; there is no clock for it (`strftime_now` is not defined), so that a
 * prompt is the same on every day.
 *
 * @throws EvalrunError `tokenizer/chat-template` when the checkpoint has none, when it cannot be parsed, when it refuses the
 *   messages, or when it takes more time, memory or text than `limits` allow
 * @example const [prompt] = await renderChats(tokenizer, [[{ role: 'user', content: '1 + 1?' }]]);
 */
export async function renderChats(
  tokenizer: Pick<Tokenizer, 'chatTemplate' | 'tokenOf' | 'bosId' | 'eosIds'>,
  conversations: readonly (readonly ChatMessage[])[],
  limits: TemplateLimits = templateLimits,
): Promise<string[]> {
  const source = tokenizer.chatTemplate;
  if (source === undefined) throw failed('the checkpoint has none');
  const nameOf = (id: number | undefined) => (id === undefined ? undefined : tokenizer.tokenOf(id));
  const variables = { bos_token: nameOf(tokenizer.bosId), eos_token: nameOf(tokenizer.eosIds.at(-1)) };
  const { maxAddedCharacters } = limits;
  return collect({ source, conversations, variables, maxAddedCharacters }, limits);
}

function collect(job: TemplateJob, { timeoutMs, heapMegabytes }: TemplateLimits): Promise<string[]> {
  const worker = new Worker(new URL('./chat-template-thread.js', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: 16 },
    // Nothing of this process is the template's business.
    env: {},
    execArgv: [],
  });
  const texts: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const finished = new Promise<string[]>((resolve, reject) => {
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => reject(failed(`it runs for more than ${timeoutMs / 1000} s`)), timeoutMs);
    };
    watch();
    worker.on('message', (answer: TemplateAnswer) => {
      if ('failure' in answer) return reject(failed(answer.failure));
      texts.push(answer.text);
      if (texts.length === job.conversations.length) return resolve(texts);
      watch();
    });
    worker.on('error', (cause: NodeJS.ErrnoException) => {
      const isMemory = cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(failed(isMemory ? `it needs more than ${heapMegabytes} MB` : cause.message));
    });
    worker.on('exit', () => (job.conversations.length === 0 ? resolve(texts) : reject(failed('it ended early'))));
  });
  return finished.finally(async () => {
    clearTimeout(timer);
    await worker.terminate();
  });
}

function failed(found: string): EvalrunError {
  return new EvalrunError('tokenizer/chat-template', {
    what: 'The chat template of the checkpoint cannot be used',
    expected: 'a template that renders one message of a user',
    found,
    todo: 'ask without it (--chat off), or repair chat_template in tokenizer_config.json or chat_template.jinja',
  });
}
