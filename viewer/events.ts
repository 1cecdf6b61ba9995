/** Server-sent events: the latest state of something, to everybody who follows it. */
import type { ServerResponse } from 'node:http';

export interface EventSourceOptions {
  /** Milliseconds between two looks. */
  readonly pollMs: number;
  /** Milliseconds after which a silent connection gets a comment, so that nothing between takes it for dead. */
  readonly heartbeatMs: number;
}

/** Looks while somebody follows, and sends a state when it is another one than before. */
export class StateEvents {
  private readonly followers = new Set<ServerResponse>();
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;
  private last = '';
  private lastSentMs = 0;

  constructor(
    private readonly stateOf: () => Promise<unknown>,
    private readonly options: EventSourceOptions,
  ) {}

  get isFollowed(): boolean {
    return this.followers.size > 0;
  }

  /** Takes over the response until its client leaves; `onLeave` is called then. */
  follow(response: ServerResponse, onLeave: () => void): void {
    response.write('retry: 2000\n\n');
    if (this.last !== '') response.write(eventOf(this.last));
    this.followers.add(response);
    response.once('close', () => {
      this.followers.delete(response);
      if (!this.isFollowed) this.stop();
      onLeave();
    });
    this.timer ??= setInterval(() => void this.look(), this.options.pollMs);
    void this.look();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async look(): Promise<void> {
    // A slow disk must not pile up looks.
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const state = JSON.stringify(await this.stateOf());
      const isNew = state !== this.last;
      this.last = state;
      if (isNew) this.send(eventOf(state));
      else if (performance.now() - this.lastSentMs > this.options.heartbeatMs) this.send(': still here\n\n');
    } catch (error) {
      // The folder is gone or cannot be read: whoever follows sees that the connection ends, and asks again.
      for (const response of this.followers) response.destroy(error instanceof Error ? error : undefined);
    } finally {
      this.isLooking = false;
    }
  }

  private send(text: string): void {
    this.lastSentMs = performance.now();
    // A state replaces the one before: a client that is behind can miss it.
    for (const response of this.followers) if (!response.writableNeedDrain) response.write(text);
  }
}

/** JSON has no line breaks, so that it is one line of data. */
function eventOf(state: string): string {
  return `event: state\ndata: ${state}\n\n`;
}
