/** The work that every peer is given, and the lines that carry it: one JSON object a line, in both directions. */
import { createInterface } from 'node:readline';

/** A prompt computed alone, or sequences that decode at once after an untimed prompt, always the same. */
export type Work =
  | { readonly kind: 'prefill'; readonly tokens: number; readonly seed: number }
  | {
      readonly kind: 'decode';
      readonly batch: number;
      /** Tokens of each prompt. */
      readonly context: number;
      /** Tokens that each sequence decodes while the clock runs. */
      readonly tokens: number;
    };

export interface Done {
  readonly seconds: number;
  /** The most probable token after each prompt: says whether peers compute the same thing. */
  readonly first: readonly number[];
}

/** A worker's first line, once its model may be asked. */
export interface Ready {
  readonly name: string;
  readonly weightBytes?: number;
}

/** Token ids [tokens] of sequence `sequence`; different for each seed and sequence. The Python worker has the same formula. */
export function promptIds(vocabulary: number, tokens: number, sequence: number): number[] {
  return Array.from({ length: tokens }, (_, i) => ((i + 1) * 7919 + sequence * 104_729) % vocabulary);
}

/** Answers lines of work until stdin ends. */
export async function serveWork(ready: Ready, answer: (work: Work) => Promise<Done>): Promise<void> {
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Work))}\n`);
  }
}
