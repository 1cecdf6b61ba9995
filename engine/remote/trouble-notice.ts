/** Says once that a server does not answer, and once that it answers again: a run that waits must not look like one that hangs. */
import type { RemoteFailure } from './remote-failure.js';

/** Troubles shorter than this are over before they could be read. */
const SILENT_MS = 2000;

export class TroubleNotice {
  private since: number | undefined;
  private isSaid = false;

  constructor(
    private readonly say: (line: string) => void,
    private readonly patienceMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Before a request is asked again. */
  onPause({ kind, message }: RemoteFailure): void {
    if (kind !== 'unreachable' && kind !== 'overloaded') return;
    this.since ??= this.now();
    if (this.isSaid || this.now() - this.since < SILENT_MS) return;
    this.isSaid = true;
    const patience = `${Math.round(this.patienceMs / 1000)} s`;
    this.say(`server: ${kind} (${message}); every request is asked again for up to ${patience}`);
  }

  onAnswer(): void {
    if (this.isSaid) this.say(`server: answers again after ${Math.round((this.now() - (this.since ?? 0)) / 1000)} s`);
    this.since = undefined;
    this.isSaid = false;
  }
}
