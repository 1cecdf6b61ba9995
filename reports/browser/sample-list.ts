/** A list of any length of which only the rows in sight exist; moved through with the keyboard. */
/// <reference lib="dom" />
import type { SampleData } from '../page-data.js';
import { element, isolated } from './elements.js';
import { say } from './page-state.js';

/** Pixels; styles/run.css has the same. */
const rowHeight = 34;
/** Rows above and below what is in sight. */
const margin = 6;
/** Characters of a text in a row. */
const shownCharacters = 60;

export class SampleList {
  private rows: readonly number[] = [];
  /** Place within `rows`. */
  private selected = -1;

  constructor(
    private readonly container: HTMLElement,
    private readonly data: SampleData,
    private readonly onSelect: (sample: number | null) => void,
  ) {
    container.addEventListener('scroll', () => this.draw());
    container.addEventListener('keydown', (event) => this.onKey(event));
    container.addEventListener('click', (event) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
      if (row !== null) this.select(Number(row.dataset.row));
    });
    addEventListener('resize', () => this.draw());
  }

  /** Shows these samples from the first, and selects it. */
  show(rows: readonly number[]): void {
    this.rows = rows;
    this.container.scrollTop = 0;
    this.selected = rows.length === 0 ? -1 : 0;
    this.draw();
    this.onSelect(rows[0] ?? null);
  }

  draw(): void {
    const spacer = this.container.firstElementChild as HTMLElement;
    spacer.style.height = `${this.rows.length * rowHeight}px`;
    const first = Math.max(0, Math.floor(this.container.scrollTop / rowHeight) - margin);
    const last = Math.min(
      this.rows.length,
      Math.ceil((this.container.scrollTop + this.container.clientHeight) / rowHeight) + margin,
    );
    const made: HTMLElement[] = [];
    for (let row = first; row < last; row++) made.push(this.rowElement(row));
    spacer.replaceChildren(...made);
    if (this.selected < 0) this.container.removeAttribute('aria-activedescendant');
    else this.container.setAttribute('aria-activedescendant', `sample-row-${this.selected}`);
  }

  private rowElement(row: number): HTMLElement {
    const { data } = this;
    const at = this.rows[row] ?? 0;
    const status = data.statuses[data.status[at] ?? -1] ?? '';
    const repeat = data.repeat[at] ?? 0;
    const answer = data.answer[at] ?? -1;
    const margin = data.margin[at] ?? null;
    const made = element(
      'div',
      `sample-row${row === this.selected ? ' selected' : ''}`,
      element('span', `badge status-${status}`, say({ key: `status.${status}` })),
      element('span', 'sample-id', isolated(`${data.id[at] ?? ''}${repeat > 0 ? `#${repeat}` : ''}`)),
      element(
        'span',
        'sample-answer',
        isolated(shortText(data.strings[data.target[at] ?? -1])),
        ' ← ',
        isolated(answer < 0 ? '—' : shortText(data.strings[answer])),
      ),
      element('span', 'sample-margin', margin === null ? '' : margin.toFixed(2)),
    );
    made.id = `sample-row-${row}`;
    made.dataset.row = String(row);
    made.style.transform = `translateY(${row * rowHeight}px)`;
    made.setAttribute('role', 'option');
    made.setAttribute('aria-selected', String(row === this.selected));
    made.setAttribute('aria-setsize', String(this.rows.length));
    made.setAttribute('aria-posinset', String(row + 1));
    return made;
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.container.clientHeight / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: this.selected + 1,
      ArrowUp: this.selected - 1,
      PageDown: this.selected + page,
      PageUp: this.selected - page,
      Home: 0,
      End: this.rows.length - 1,
    };
    const to = moves[event.key];
    if (to === undefined || this.rows.length === 0) return;
    event.preventDefault();
    this.select(Math.min(this.rows.length - 1, Math.max(0, to)));
  }

  private select(row: number): void {
    this.selected = row;
    const top = row * rowHeight;
    const { scrollTop, clientHeight } = this.container;
    if (top < scrollTop) this.container.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight) this.container.scrollTop = top + rowHeight - clientHeight;
    this.draw();
    this.onSelect(this.rows[row] ?? null);
  }
}

function shortText(value: string | undefined): string {
  const line = (value ?? '').replace(/\s+/g, ' ').trim();
  return line.length <= shownCharacters ? line : `${line.slice(0, shownCharacters)}…`;
}
