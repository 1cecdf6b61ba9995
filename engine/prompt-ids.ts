/** Token ids of prompts that are to be continued: one BOS, no end of text. */
import type { Tokenizer } from './engine.js';

/**
 * Token ids of a rendered chat. Whatever the template printed, there is one BOS at the beginning where the tokenizer's own
 * rules put one, and never more than one.
 */
export function encodeChat(tokenizer: Tokenizer, text: string): number[] {
  const { bosId } = tokenizer;
  const ids = tokenizer.encode(text, { addSpecialTokens: false });
  if (bosId === undefined) return ids;
  let printed = 0;
  while (ids[printed] === bosId) printed += 1;
  const wanted = printed > 0 || tokenizer.encode('')[0] === bosId;
  return [...(wanted ? [bosId] : []), ...ids.slice(printed)];
}

/** Token ids of a text that is to be continued: the tokenizer's own rules, but no end of text behind it. */
export function encodeText(tokenizer: Tokenizer, text: string): number[] {
  const ids = tokenizer.encode(text);
  const plain = tokenizer.encode(text, { addSpecialTokens: false });
  let end = ids.length;
  while (end > plain.length && tokenizer.eosIds.includes(ids[end - 1] ?? -1) && ids[end - 1] !== plain.at(-1)) end -= 1;
  return ids.slice(0, end);
}
