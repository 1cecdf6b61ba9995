/** Ends the connection of a client that does not read its answer: an answer nobody takes would be held in memory for ever. */
import type { ServerResponse } from 'node:http';

export function guardWrites(response: ServerResponse, timeoutMs: number): void {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => clearTimeout(timer);
  const onEnd = () => {
    timer = setTimeout(() => response.destroy(), timeoutMs).unref();
  };
  // From where everything is written on, until the last byte is in the system's hands.
  response.once('prefinish', onEnd);
  response.once('finish', stop);
  response.once('close', stop);
}
