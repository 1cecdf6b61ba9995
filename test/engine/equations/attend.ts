/** softmax(scale q.k) v of one query over the positions it sees. */
import { at, item, product, type Row, softmax } from './vectors.js';

export function attend(query: Row, seen: { keys: readonly Row[]; values: readonly Row[]; scale: number }): Row {
  const probabilities = softmax(product(seen.keys, query).map((score) => score * seen.scale));
  const output = new Float64Array(item(seen.values, 0).length);
  seen.values.forEach((value, s) => {
    const probability = at(probabilities, s);
    for (let i = 0; i < output.length; ++i) output[i] = at(output, i) + probability * at(value, i);
  });
  return output;
}
