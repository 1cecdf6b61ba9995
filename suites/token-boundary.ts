/** Checks, before a run, that every answer letter is one token that starts exactly where the prompt ends. */
import { EvalrunError } from '../errors.js';
import type { ChoicePlan, ChoiceSample } from './suite.js';

/** The part of a tokenizer that the check needs; `tokenOf` only makes messages readable. */
export interface BoundaryTokenizer {
  encode(text: string): number[];
  tokenOf?(id: number): string | undefined;
}

/**
 * The token of each label, e.g. `{ A: 362, B: 425, C: 356, D: 423 }`, checked on the first sample of every subject
 * and every distinct set of continuations: `enc(context + letter)` must be `enc(context)` and one more token, the
 * same one everywhere, and another one for each letter.
 *
 * @throws EvalrunError `tokenizer/letter-boundary` showing the tokens before and after, when the letter merges with
 *   the prompt, takes several tokens, or shares its token with another letter.
 */
export function letterTokens(
  plan: Pick<ChoicePlan, 'samples'>,
  tokenizer: BoundaryTokenizer,
): Readonly<Record<string, number>> {
  const tokens: Record<string, number> = {};
  for (const sample of templatesOf(plan.samples)) {
    const before = tokenizer.encode(sample.context);
    for (const [label, continuation] of Object.entries(sample.continuations)) {
      const after = tokenizer.encode(sample.context + continuation);
      const token = after.at(-1);
      if (token === undefined || !isExtension(before, after)) refuse({ sample, label, before, after, tokenizer });
      const known = tokens[label];
      if (known !== undefined && known !== token) {
        refuse({
          sample,
          label,
          before,
          after,
          tokenizer,
          why: `its token is ${show([known], tokenizer)} in other prompts`,
        });
      }
      const twin = Object.keys(tokens).find((other) => other !== label && tokens[other] === token);
      if (twin !== undefined) refuse({ sample, label, before, after, tokenizer, why: `${twin} has the same token` });
      tokens[label] = token;
    }
  }
  return tokens;
}

/** The first sample of each subject and set of continuations: within a subject, prompts end alike. */
function templatesOf(samples: readonly ChoiceSample[]): ChoiceSample[] {
  const first = new Map<string, ChoiceSample>();
  for (const sample of samples) {
    const key = `${sample.group}\n${JSON.stringify(sample.continuations)}`;
    if (!first.has(key)) first.set(key, sample);
  }
  return [...first.values()];
}

function isExtension(before: readonly number[], after: readonly number[]): boolean {
  return after.length === before.length + 1 && before.every((id, index) => after[index] === id);
}

interface Refusal {
  readonly sample: ChoiceSample;
  readonly label: string;
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly tokenizer: BoundaryTokenizer;
  readonly why?: string;
}

/** Tokens shown before the place where the two encodings part. */
const SHOWN = 3;

function refuse({ sample, label, before, after, tokenizer, why }: Refusal): never {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same += 1;
  const from = Math.max(0, Math.min(same, after.length - 1) - SHOWN);
  const dots = from > 0 ? '... ' : '';
  const text = JSON.stringify(sample.continuations[label]);
  throw new EvalrunError('tokenizer/letter-boundary', {
    what: `the answer ${text} cannot be read as one token after the prompt of ${sample.id}${why === undefined ? '' : `: ${why}`}`,
    expected: `the prompt's tokens ${dots}${show(before.slice(from), tokenizer)} and one more`,
    found: `${dots}${show(after.slice(from), tokenizer)}`,
    todo: 'this tokenizer does not fit the protocol; try another --protocol',
  });
}

function show(ids: readonly number[], tokenizer: BoundaryTokenizer): string {
  const pieces = ids.map((id) => `${JSON.stringify(tokenizer.tokenOf?.(id) ?? '?')} ${id}`);
  return `[${pieces.join(', ')}]`;
}
