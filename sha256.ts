/** The SHA-256 of a short text or of bytes, of which a run takes tens of thousands. */
import crypto, { createHash } from 'node:crypto';

/**
 * In lower-case hexadecimal.
 *
 * `crypto.hash` makes no object, which `createHash` does for each; Node.js has it from 20.12 on.
 */
export function sha256Hex(data: string | Uint8Array): string {
  const { hash } = crypto as Partial<typeof crypto>;
  return hash === undefined ? createHash('sha256').update(data).digest('hex') : hash('sha256', data, 'hex');
}
