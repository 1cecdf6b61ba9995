/** The first steps of a model: faults show in them and not in the first question, and every op has chosen its kernel. */
import type { ArchSpec } from './arch-spec.js';
import { PAGE_TOKENS, pagesFor } from './kv-pages.js';
import type { NativeModel } from './native.js';
import { type RowSampling, StepBuilder } from './step-builder.js';

export interface WarmUpOptions {
  readonly arch: ArchSpec;
  readonly device: 'cpu' | 'cuda';
  readonly batchTokens: number;
  readonly kvPages: number;
}

/** Tokens of the prompts in a full step. */
const PROMPT_TOKENS = 512;
/** Sequences that decode: alone, and as many as fill a tile of 16 rows and more. */
const DECODING = [1, 17];

const DRAWN: RowSampling = { temperature: 1, topP: 0.9, topK: 0, minP: 0, key: [0, 0], position: 0 };

/**
 * Two tokens through the whole graph. On a GPU then what a run will ask: a full step, and decoding steps, some of whose tokens are
 * drawn. CUDA loads a kernel when it is first launched, products choose theirs by the number of rows, and memory is taken when a step
 * first needs it: all of that belongs to loading, where memory that is not there is told before any question is asked. A decoding
 * step runs three times: CUDA's graph of it is made in the second (native/cuda/launch_recorder.h).
 */
export async function warmUp(model: NativeModel, options: WarmUpOptions): Promise<void> {
  const few = new StepBuilder();
  addPrompt(few, 2, 0);
  await model.forward(few.build());
  if (options.device === 'cpu') return;
  await model.forward(fullStep(options).build());
  for (const sequences of DECODING) {
    for (const drawn of [false, true]) {
      for (let repeat = 0; repeat < 3; ++repeat) await model.forward(decodingStep(sequences, drawn, options).build());
    }
  }
}

/** As many tokens as a step may have, in prompts that each have pages of their own. */
function fullStep({ arch, batchTokens, kvPages }: WarmUpOptions): StepBuilder {
  const builder = new StepBuilder();
  const longest = Math.min(PROMPT_TOKENS, arch.contextLength);
  let page = 0;
  for (let left = batchTokens; left > 0 && page < kvPages; ) {
    const count = Math.min(left, longest, (kvPages - page) * PAGE_TOKENS);
    page = addPrompt(builder, count, page);
    left -= count;
  }
  return builder;
}

/** Returns the page behind the prompt's. */
function addPrompt(builder: StepBuilder, count: number, firstPage: number): number {
  const pages = Array.from({ length: pagesFor(count) }, (_, i) => firstPage + i);
  const row = builder.addSpan({ tokens: new Array<number>(count).fill(0), start: 0, pages, decode: false });
  builder.addQuery(row + count - 1, [0]);
  return firstPage + pages.length;
}

/** Each behind the first token of a page. */
function decodingStep(sequences: number, drawn: boolean, { arch, batchTokens, kvPages }: WarmUpOptions): StepBuilder {
  const builder = new StepBuilder();
  builder.wantBest = true;
  const start = Math.min(1, arch.contextLength - 1);
  for (let page = 0; page < Math.min(sequences, batchTokens, kvPages); ++page) {
    const row = builder.addSpan({ tokens: [0], start, pages: [page], decode: true });
    builder.addQuery(row, []);
    if (drawn) builder.addSampling(DRAWN);
  }
  return builder;
}
