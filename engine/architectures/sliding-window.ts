/** Which layers look back only a window of positions. */
import { z } from 'zod';
import { badValue, countOrZero, flag, readFields } from './config-fields.js';
import type { RawConfig } from './family.js';

/** How a family turns `sliding_window` on. */
export type WindowRule =
  /** Never: the family has no such key. */
  | 'none'
  /** On every layer when sliding_window is a number (Mistral). */
  | 'always'
  /** On layers from max_window_layers when use_sliding_window (Qwen2, Qwen3). */
  | 'upper-layers'
  /** On every layer when use_sliding_window (Qwen3-MoE). */
  | 'when-used';

/**
 * The window of each of `layers` layers in positions, the query's own included; 0 for none. A `layer_types` list in
 * the config, as newer transformers write it, decides which layers have the window that the rule grants.
 */
export function slidingWindows(config: RawConfig, rule: WindowRule, layers: number): number[] {
  const fields = readFields(config, {
    sliding_window: countOrZero.nullish(),
    use_sliding_window: flag.default(false),
    max_window_layers: countOrZero.default(28),
    layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
  });
  const used = rule === 'always' || (rule !== 'none' && fields.use_sliding_window);
  const window = used ? (fields.sliding_window ?? 0) : 0;
  const types = fields.layer_types;
  if (types && types.length !== layers) throw badValue('layer_types', `${layers} entries, one per layer`, types);
  const applies = (layer: number): boolean => {
    if (types) return types[layer] === 'sliding_attention';
    return rule === 'upper-layers' ? layer >= fields.max_window_layers : true;
  };
  const windows = Array.from({ length: layers }, (_, layer) => (applies(layer) ? window : 0));
  const wanting = types?.indexOf('sliding_attention') ?? -1;
  if (wanting >= 0 && window === 0) {
    throw badValue(`layer_types.${wanting}`, 'full_attention, as sliding_window is not in use', 'sliding_attention');
  }
  return windows;
}
