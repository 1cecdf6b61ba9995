/** Values of a result as JSON has them. */
import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';

export type Cell = null | boolean | number | string | readonly Cell[] | { readonly [key: string]: Cell };

/**
 * Whole numbers that a double holds exactly are numbers, larger ones text; so are numbers that are not finite, times,
 * intervals and bytes, as DuckDB writes them. A map is an object.
 */
export function cellOf(value: DuckDBValue): Cell {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(cellOf);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([key, part]) => [key, cellOf(part)]));
  }
  if (value instanceof DuckDBMapValue) {
    return Object.fromEntries(value.entries.map(({ key, value: part }) => [textOf(cellOf(key)), cellOf(part)]));
  }
  if (value instanceof DuckDBUnionValue) return cellOf(value.value);
  return String(value);
}

/** A cell as text: itself where it is text, else its JSON. */
export function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
}
