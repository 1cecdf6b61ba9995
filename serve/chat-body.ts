/** The body of /v1/chat/completions. */
import { z } from 'zod';
import type { ChatMessage } from '../engine/chat-template.js';
import { ApiError } from './api-error.js';
import { commonFields, parseBody } from './body-fields.js';
import { MAX_LOGPROBS } from './serve-limits.js';

const part = z.object({
  type: z.literal('text', { error: 'only parts of type "text" are supported' }),
  text: z.string(),
});

const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant'], {
    error: 'a role of system, developer, user or assistant is needed; tools are not supported',
  }),
  content: z.union([z.string(), z.array(part)], { error: 'a text or a list of parts of type "text" is needed' }),
  name: z.string().optional(),
});

const schema = z.object({
  ...commonFields,
  messages: z.array(message).min(1),
  max_tokens: z.int().positive().optional(),
  max_completion_tokens: z.int().positive().optional(),
  logprobs: z.boolean().default(false),
  top_logprobs: z.int().nonnegative().max(MAX_LOGPROBS).optional(),
});

export type ChatBody = z.infer<typeof schema>;

/** @throws ApiError 400 naming the field */
export function parseChatBody(body: unknown): ChatBody {
  const parsed = parseBody(schema, body);
  if (parsed.top_logprobs !== undefined && !parsed.logprobs) {
    throw new ApiError('serve/field', {
      status: 400,
      param: 'top_logprobs',
      what: 'The field "top_logprobs" needs "logprobs": true',
    });
  }
  return parsed;
}

/** The conversation as a chat template takes it; parts of a message become lines, and a developer speaks as the system. */
export function messagesOf({ messages }: ChatBody): ChatMessage[] {
  return messages.map(({ role, content }) => ({
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join('\n'),
  }));
}
