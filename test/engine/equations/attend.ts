/** softmax(scale q.k) v of one query over the positions it sees. */
import { dot, item, type Row, softmax } from './vectors.js';

export function attend(query: Row, seen: { keys: readonly Row[]; values: readonly Row[]; scale: number }): Row {
  const probabilities = softmax(Float64Array.from(seen.keys, (key) => dot(query, key) * seen.scale));
  const output = new Float64Array(item(seen.values, 0).length);
  probabilities.forEach((probability, s) => {
    item(seen.values, s).forEach((value, i) => {
      output[i] = (output[i] as number) + probability * value;
    });
  });
  return output;
}
