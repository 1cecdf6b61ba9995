/** What drafting with the MTP module gave: how often a draft was right, and how many tokens a step then gave a sequence. */
import type { StepStats } from '../engine/engine.js';

export interface DraftingCounts {
  /** Steps of decoding sequences, each counted for itself. */
  readonly steps: number;
  /** Tokens that they were given then. */
  readonly taken: number;
  readonly drafted: number;
  /** Drafts that were the token which the main model took. */
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
  private taken = 0;
  private drafted = 0;
  private accepted = 0;

  add({ decodeTokens, takenTokens = 0, draftedTokens = 0, acceptedTokens = 0 }: StepStats): void {
    this.taken += takenTokens;
    this.steps += decodeTokens - draftedTokens;
    this.drafted += draftedTokens;
    this.accepted += acceptedTokens;
  }

  /** Undefined where nothing was drafted. */
  read(): Drafting | undefined {
    const { steps, taken, drafted, accepted } = this;
    if (drafted === 0) return undefined;
    return { steps, taken, drafted, accepted, acceptance: accepted / drafted, tokensPerStep: taken / steps };
  }
}
