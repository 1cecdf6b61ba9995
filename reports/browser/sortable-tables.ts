/** Tables that can be sorted by a column: its heading becomes a button. */
/// <reference lib="dom" />

function startSorting(table: HTMLTableElement): void {
  const [body] = table.tBodies;
  for (const head of table.querySelectorAll<HTMLTableCellElement>('th[data-sort]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'sort';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const ascending =
        head.getAttribute('aria-sort') === 'descending' ||
        (head.dataset.sort === 'text' && !head.hasAttribute('aria-sort'));
      for (const other of table.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      const rows = [...(body?.rows ?? [])];
      const compare = (a: HTMLTableRowElement, b: HTMLTableRowElement) => {
        const [x, y] = [a.cells[head.cellIndex], b.cells[head.cellIndex]];
        if (head.dataset.sort === 'number') return Number(x?.dataset.value) - Number(y?.dataset.value);
        return (x?.textContent ?? '').localeCompare(y?.textContent ?? '');
      };
      rows.sort((a, b) => (ascending ? compare(a, b) : compare(b, a)));
      body?.append(...rows);
    });
  }
}

for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) startSorting(table);
