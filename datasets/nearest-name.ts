/** Finds the name that a mistyped one most likely meant. */
import { closest } from 'fastest-levenshtein';

/** The nearest of `names` (at least one) by edit distance. */
export function nearestTo(name: string, names: readonly string[]): string {
  return closest(name.toLowerCase(), names);
}
