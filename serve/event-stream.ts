/** Server-sent events to one client, who may be slow, or never read, or go away. */
import type { ServerResponse } from 'node:http';
import { version } from '../package-root.js';
import type { ServeLimits } from './serve-limits.js';

export class EventStream {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly limits: Pick<ServeLimits, 'writeTimeoutMs' | 'writeBytes'>,
  ) {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      server: `evalrun/${version}`,
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    response.on('drain', () => this.stopWatch());
    response.on('close', () => this.stopWatch());
  }

  send(event: object): void {
    this.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  end(): void {
    this.write('data: [DONE]\n\n');
    this.response.end();
  }

  private write(text: string): void {
    if (this.response.destroyed) return;
    if (this.response.write(text)) return;
    // Nobody reads: what waits is bounded in bytes and in time, and then the connection goes, and with it the work.
    if (this.response.writableLength > this.limits.writeBytes) this.response.destroy();
    else this.timer ??= setTimeout(() => this.response.destroy(), this.limits.writeTimeoutMs).unref();
  }

  private stopWatch(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
