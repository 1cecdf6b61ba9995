/** Identity of a checkpoint's weights: one hash over every tensor's name, type, shape and bytes. */
import { createHash } from 'node:crypto';
import { EvalrunError } from '../errors.js';
import type { Checkpoint } from './checkpoint/checkpoint.js';
import type { NativeModel } from './native.js';

/**
 * Reads every weight that `model.prepare()` has not read. Independent of how the tensors are spread over files.
 *
 * @returns SHA-256, hex
 * @throws EvalrunError checkpoint/non-finite naming the first tensor that holds NaN or infinity
 */
export async function weightFingerprint(checkpoint: Checkpoint, model: NativeModel): Promise<string> {
  const tensors = new Map(checkpoint.tensors.map((tensor) => [tensor.name, tensor]));
  const hash = createHash('sha256');
  for (const { name, hash: bytesHash, firstNonFinite } of await model.scan()) {
    if (firstNonFinite >= 0) {
      throw new EvalrunError('checkpoint/non-finite', {
        what: `The weights of ${name} are damaged`,
        expected: 'finite numbers',
        found: `NaN or infinity at element ${firstNonFinite}`,
        todo: 'download the checkpoint again; every score of these weights would be meaningless',
      });
    }
    const tensor = tensors.get(name);
    hash.update(`${name} ${tensor?.dtype} ${tensor?.shape.join('x')} ${bytesHash}\n`);
  }
  return hash.digest('hex');
}
