/** What drafting with the MTP module gave: how often a draft was right, and how many tokens a step then gave a sequence. */
import type { StepStats } from '../engine/engine.js';

export interface DraftingCounts {
  /** Times that a sequence was given its next token by decoding. */
  readonly steps: number;
  readonly drafted: number;
  /** Drafts that gave their sequence a second token in the step. */
  readonly accepted: number;
}

export interface Drafting extends DraftingCounts {
  /** accepted / drafted, 0..1. */
  readonly acceptance: number;
  /** Tokens that a decoding sequence gets in one step of the main model; 1 without drafting. */
  readonly tokensPerStep: number;
}

/** Adds up the steps of an engine. */
export class DraftingMeter {
  private steps = 0;
  private drafted = 0;
  private accepted = 0;

  add({ decodeTokens, draftedTokens = 0, acceptedTokens = 0 }: StepStats): void {
    this.steps += decodeTokens - draftedTokens;
    this.drafted += draftedTokens;
    this.accepted += acceptedTokens;
  }

  /** Undefined where nothing was drafted. */
  read(): Drafting | undefined {
    const { steps, drafted, accepted } = this;
    if (drafted === 0) return undefined;
    return { steps, drafted, accepted, acceptance: accepted / drafted, tokensPerStep: (steps + accepted) / steps };
  }
}
