/** Makes elements; text goes in as text and never as markup. */
/// <reference lib="dom" />

type Child = Node | string | null;

/** @example element('td', 'number', '12') */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  for (const child of children) if (child !== null) made.append(child);
  return made;
}

/** Text of a run, whose own direction does not reach its neighbours. */
export function isolated(value: string): HTMLElement {
  return element('bdi', '', value);
}
