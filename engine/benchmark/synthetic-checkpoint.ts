/** A checkpoint of seeded random BF16 weights: as fast or slow as a trained one of its shape, and as large. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectedTensors } from '../architectures/expected-tensors.js';
import type { RawConfig } from '../architectures/family.js';
import { archSpecOf } from '../architectures/registry.js';
import { RANDOM_MARKER } from '../load-engine.js';
import { SafetensorsWriter } from '../safetensors-writer.js';

/** Weights made at a time: bounds the memory for any size. */
const STRIP = 1 << 22;

/**
 * Writes config.json, model.safetensors and the marker of random weights to `folder`. Signs and mantissas are random; exponents keep
 * outputs from vanishing or growing, so that routing spreads over the experts and no arithmetic is on zeros.
 */
export function writeSyntheticCheckpoint(folder: string, config: RawConfig): void {
  const tensors = expectedTensors(archSpecOf(config));
  writeFileSync(path.join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  writeFileSync(path.join(folder, RANDOM_MARKER), 'Random weights of a published shape, for measurements of speed.\n');
  const writer = new SafetensorsWriter(
    path.join(folder, 'model.safetensors'),
    tensors.map(({ name, shape }) => ({ name, shape, dtype: 'BF16' })),
  );
  let state = 1;
  const strip = new Uint16Array(STRIP);
  for (const { name, shape } of tensors) {
    const size = shape.reduce((product, length) => product * length, 1);
    const isMatrix = shape.length > 1;
    // Random biases would outweigh the scores and send all tokens to the same experts.
    const isZero = name.endsWith('e_score_correction_bias');
    const exponent = isMatrix ? 126 - Math.round(Math.log2(shape.at(-1) ?? 1) / 2) : 127;
    for (let first = 0; first < size; first += STRIP) {
      const count = Math.min(STRIP, size - first);
      for (let i = 0; i < count; ++i) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        const sign = isMatrix ? state >>> 31 : 0;
        strip[i] = isZero ? 0 : (sign << 15) | (exponent << 7) | ((state >>> 16) & 0x7f);
      }
      writer.append(name, strip.subarray(0, count));
    }
  }
  writer.close();
}
