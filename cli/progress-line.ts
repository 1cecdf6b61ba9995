/** Progress on stderr: one live line on a terminal, a plain line now and then elsewhere. */
import type { Progress } from '../runner/progress.js';
import { renderCount, renderDuration } from './quantity.js';

export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const liveMs = 100;
const plainMs = 30_000;

/** Prints progress and, above it, other lines. Without a terminal no control character is ever written. */
export class ProgressLine {
  private readonly live: boolean;
  private lastMs: number;
  private shown = '';

  constructor(
    private readonly output: ProgressOutput,
    private readonly options: {
      readonly quiet?: boolean;
      readonly nowMs?: () => number;
      readonly term?: string | undefined;
    } = {},
  ) {
    this.live = output.isTTY === true && options.term !== 'dumb';
    // A live line appears at once; a log gets its first line after a while, when there is a rate.
    this.lastMs = this.live ? Number.NEGATIVE_INFINITY : this.now();
  }

  update(progress: Progress): void {
    this.show(() => renderProgress(progress), progress.done === progress.total);
  }

  /** Any other progress, rendered only when it is time for it. */
  show(render: () => string, isLast = false): void {
    if (this.options.quiet) return;
    if (!(isLast && this.live) && this.now() - this.lastMs < (this.live ? liveMs : plainMs)) return;
    this.lastMs = this.now();
    const text = render();
    if (!this.live) {
      this.output.write(`${text}\n`);
      return;
    }
    // The last column stays free: writing there makes some terminals wrap.
    this.shown = text.slice(0, Math.max(0, (this.output.columns ?? 80) - 1));
    this.output.write(`\r\x1b[K${this.shown}`);
  }

  /** A line of its own; the live line goes on below it. */
  print(line: string): void {
    if (this.options.quiet) return;
    this.clear();
    this.output.write(`${line}\n`);
  }

  /** Takes the live line off the screen. */
  clear(): void {
    if (this.shown !== '') this.output.write('\r\x1b[K');
    this.shown = '';
  }

  private now(): number {
    return (this.options.nowMs ?? (() => performance.now()))();
  }
}

/** `mmlu  1,234/14,042  8.8 %  52.1 samples/s  3,210 tokens/s  4 min 10 s left` */
export function renderProgress(progress: Progress): string {
  const { suite, done, total, samplesPerSecond, tokensPerSecond, secondsLeft } = progress;
  const parts = [suite, `${renderCount(done)}/${renderCount(total)}`, `${((100 * done) / total).toFixed(1)} %`];
  if (secondsLeft !== undefined) {
    parts.push(
      `${samplesPerSecond < 1 ? samplesPerSecond.toPrecision(2) : samplesPerSecond.toFixed(1)} samples/s`,
      `${renderCount(tokensPerSecond)} tokens/s`,
      `${renderDuration(secondsLeft)} left`,
    );
  }
  return parts.join('  ');
}
