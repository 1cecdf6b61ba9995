/** How many prompt tokens a set of prompts has, and how many are left when each common prefix is computed once. */
import type { PromptTokens } from './run-summary.js';

/**
 * Counts the nodes of the prefix tree over `prompts` without building it: among sorted sequences, what a sequence adds
 * to the tree is what it does not share with its predecessor. A fact about the prompts, not about an engine: what the
 * engine really shared stands in telemetry.jsonl.
 */
export function countPromptTokens(prompts: readonly (readonly number[])[]): PromptTokens {
  const sorted = [...prompts].sort(compareIds);
  let asked = 0;
  let computed = 0;
  let previous: readonly number[] = [];
  for (const prompt of sorted) {
    asked += prompt.length;
    computed += prompt.length - commonLength(previous, prompt);
    previous = prompt;
  }
  return { asked, computed, shared: asked - computed };
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at += 1;
  return at;
}

function compareIds(a: readonly number[], b: readonly number[]): number {
  const at = commonLength(a, b);
  return (a[at] ?? -1) - (b[at] ?? -1);
}
