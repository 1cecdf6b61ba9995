/** Which shards an index of safetensors files names. */
import { isJsonObject, readJsonObject } from '../../engine/checkpoint/json-file.js';
import { EvalrunError } from '../../errors.js';

/**
 * File names, sorted. @throws EvalrunError checkpoint/index when the file is no index or names something else than a
 * safetensors file beside it
 */
export function shardsOf(indexFile: string, shownAs = indexFile): string[] {
  const { weight_map: map } = readJsonObject(indexFile, 'checkpoint/index');
  const names = isJsonObject(map) ? [...new Set(Object.values(map))] : [];
  const bad = names.find((name) => typeof name !== 'string' || !/^[A-Za-z0-9_][\w.-]*\.safetensors$/.test(name));
  if (names.length > 0 && bad === undefined) return (names as string[]).sort();
  throw new EvalrunError('checkpoint/index', {
    what: `${shownAs} is not an index of weights`,
    expected: 'a weight_map from tensors to bare names of .safetensors files',
    found: names.length === 0 ? 'none' : (JSON.stringify(bad)?.slice(0, 100) ?? 'none'),
  });
}
