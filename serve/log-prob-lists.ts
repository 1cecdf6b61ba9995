/** Log-probabilities in the shapes of the two endpoints. */
import type { LoggedToken } from './live-text.js';

export interface CompletionLogProbs {
  readonly tokens: string[];
  readonly token_logprobs: (number | null)[];
  readonly top_logprobs: (Readonly<Record<string, number>> | null)[];
  /** In characters from the beginning of the text. */
  readonly text_offset: number[];
}

export interface ChatTokenLogProb {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
  readonly top_logprobs: readonly {
    readonly token: string;
    readonly logprob: number;
    readonly bytes: readonly number[];
  }[];
}

export interface ListOptions {
  /** `token_id:123` instead of the token's text. */
  readonly asIds: boolean;
}

export function completionLogProbs(tokens: readonly LoggedToken[], { asIds }: ListOptions): CompletionLogProbs {
  const name = ({ id, token }: Pick<LoggedToken, 'id' | 'token'>) => (asIds ? `token_id:${id}` : token.text);
  return {
    tokens: tokens.map(name),
    token_logprobs: tokens.map(({ logProb }) => logProb),
    top_logprobs: tokens.map((token) => {
      if (token.logProb === null) return null;
      const listed: Record<string, number> = {};
      // Two tokens may have the same text; the more probable one, which comes first, has it. The token itself is always in the list.
      for (const one of token.top) listed[name(one)] ??= one.logProb;
      listed[name(token)] ??= token.logProb;
      return listed;
    }),
    text_offset: tokens.map(({ offset }) => offset),
  };
}

export function chatLogProbs(tokens: readonly LoggedToken[], { asIds }: ListOptions): ChatTokenLogProb[] {
  return tokens.map(({ id, token, logProb, top }) => ({
    token: asIds ? `token_id:${id}` : token.text,
    logprob: logProb ?? 0,
    bytes: token.bytes,
    top_logprobs: top.map((one) => ({
      token: asIds ? `token_id:${one.id}` : one.token.text,
      logprob: one.logProb,
      bytes: one.token.bytes,
    })),
  }));
}
