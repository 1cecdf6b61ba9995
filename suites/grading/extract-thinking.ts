/** Separates what a model thought from what it answered. */

const OPEN = '<think>';
const CLOSE = '</think>';

/** The text after the last thought, or undefined when a thought never ends: the output was cut off inside it. */
export function dropThinking(output: string): string | undefined {
  const closed = output.lastIndexOf(CLOSE);
  const rest = closed < 0 ? output : output.slice(closed + CLOSE.length);
  return rest.includes(OPEN) ? undefined : rest;
}
