/** Reads a golden.safetensors: tokens.I, logits.I and the other reference tensors of prompt I. */
import { readFileSync } from 'node:fs';

export interface GoldenTensors {
  /** Numbers I of the prompts. */
  readonly prompts: readonly number[];
  ints(name: string): Int32Array;
  floats(name: string): Float32Array | undefined;
}

export function readGolden(file: string): GoldenTensors {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
    string,
    { data_offsets?: [number, number] }
  >;
  const slice = (name: string): ArrayBuffer | undefined => {
    const offsets = header[name]?.data_offsets;
    return offsets && new Uint8Array(bytes.subarray(8 + length + offsets[0], 8 + length + offsets[1])).buffer;
  };
  return {
    prompts: Object.keys(header)
      .filter((name) => name.startsWith('tokens.'))
      .map((name) => Number(name.slice('tokens.'.length)))
      .sort((a, b) => a - b),
    ints: (name) => {
      const buffer = slice(name);
      if (buffer === undefined) throw new Error(`${file} has no ${name}`);
      return new Int32Array(buffer);
    },
    floats: (name) => {
      const buffer = slice(name);
      return buffer && new Float32Array(buffer);
    },
  };
}
