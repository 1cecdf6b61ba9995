/** All logits of one sequence, chunk by chunk through the cache, with the MTP module's drafts where there is one. */
import { type KvPages, pagesFor } from './kv-pages.js';
import type { NativeStepResult } from './native.js';
import { StepBuilder, UNKNOWN_NEXT } from './step-builder.js';

export interface LogitsOptions {
  /** Tokens per step; the result does not depend on it. */
  readonly chunk?: number;
  /** Compute every token with the form of attention that decoding uses. */
  readonly decode?: boolean;
}

export interface SequenceLogits {
  readonly rows: number;
  /** f32 [rows, V]. */
  readonly logits: Float32Array;
  /** f32 [rows with a next token, V]; empty without a module. */
  readonly mtpLogits: Float32Array;
}

interface SequenceLogitsParts {
  readonly pages: KvPages;
  readonly chunk: number;
  readonly decode: boolean;
  readonly mtp: boolean;
  readonly step: (builder: StepBuilder) => Promise<NativeStepResult>;
}

export async function* sequenceLogits(
  ids: readonly number[],
  parts: SequenceLogitsParts,
): AsyncIterable<SequenceLogits> {
  const pages = parts.pages.take(pagesFor(ids.length));
  for (let start = 0; start < ids.length; start += parts.chunk) {
    const end = Math.min(ids.length, start + parts.chunk);
    const builder = new StepBuilder();
    builder.wantLogits = true;
    builder.addSpan({
      tokens: ids.slice(start, end),
      start,
      pages: pages.slice(0, pagesFor(end)),
      decode: parts.decode,
    });
    for (let row = 0; row < end - start; ++row) builder.addQuery(row, []);
    if (parts.mtp) builder.addNextTokens(ids.slice(start, end).map((_, row) => ids[start + row + 1] ?? UNKNOWN_NEXT));
    const { logits, mtpLogits } = await parts.step(builder);
    yield { rows: end - start, logits, mtpLogits };
  }
  parts.pages.release(pages);
}
