/** How far a run is and how fast: samples and prompt tokens against time, for people and for telemetry. */

export interface Progress {
  readonly suite: string;
  readonly done: number;
  readonly total: number;
  readonly samplesPerSecond: number;
  /** Tokens that the engine computed, of prompts and of answers, per second; shared ones cost nothing and do not count. */
  readonly tokensPerSecond: number;
  /** Undefined until there is a rate. */
  readonly secondsLeft: number | undefined;
}

/** Counts from the start of a run; samples that a resumed run found done are no work and give no rate. */
export class ProgressMeter {
  suite = '';
  computedTokens = 0;
  private finished = 0;
  private readonly startMs: number;

  constructor(
    private readonly total: number,
    private readonly alreadyDone: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.startMs = nowMs();
  }

  get seconds(): number {
    return (this.nowMs() - this.startMs) / 1000;
  }

  finish(): void {
    this.finished += 1;
  }

  read(): Progress {
    const seconds = Math.max(this.seconds, 1e-9);
    const samplesPerSecond = this.finished / seconds;
    const left = this.total - this.alreadyDone - this.finished;
    return {
      suite: this.suite,
      done: this.alreadyDone + this.finished,
      total: this.total,
      samplesPerSecond,
      tokensPerSecond: this.computedTokens / seconds,
      secondsLeft: this.finished === 0 ? undefined : left / samplesPerSecond,
    };
  }
}
