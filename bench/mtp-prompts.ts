/** Prompts of the kind that evaluations ask, for measuring generation. */

/** `count` different ones, of a few dozen tokens each. */
export function problemPrompts(count: number): string[] {
  const names = ['add', 'largest', 'average', 'product', 'difference', 'smallest', 'total', 'count'];
  return Array.from({ length: count }, (_, i) => {
    const name = `${names[i % names.length]}${i < names.length ? '' : `_${i}`}`;
    return `def ${name}(values: list[int], limit: int) -> int:\n    """ Return the ${name} of the values up to limit.\n    >>> `;
  });
}
