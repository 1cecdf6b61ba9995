/** Ctrl-C and termination: the first stops after what is running, the second at once. */

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back their default effect. */
  release(): void;
}

/** Listens to SIGINT and SIGTERM; `onFirst` may say that the run is stopping. */
export function listenForInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  const stop = () => {
    // Safe at any instant: every finished batch is on disk, and a torn line is dropped on resume.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    onFirst();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
