/** How many prompt tokens a set of prompts has, and how many are left when each common prefix is computed once. */
import { commonLength, type TokenIds } from '../engine/token-ids.js';
import type { PromptTokens } from './run-summary.js';

/**
 * Counts the nodes of the prefix tree over `prompts` without building it: among sorted sequences, what a sequence adds
 * to the tree is what it does not share with its predecessor. A fact about the prompts, not about an engine: what the
 * engine really shared stands in telemetry.jsonl.
 */
export function countPromptTokens(prompts: readonly TokenIds[]): PromptTokens {
  const sorted = [...prompts].sort(compareIds);
  let asked = 0;
  let computed = 0;
  let previous: TokenIds = [];
  for (const prompt of sorted) {
    asked += prompt.length;
    computed += prompt.length - commonLength(previous, prompt);
    previous = prompt;
  }
  return { asked, computed, shared: asked - computed };
}

function compareIds(a: TokenIds, b: TokenIds): number {
  const at = commonLength(a, b);
  return (a.at(at) ?? -1) - (b.at(at) ?? -1);
}
