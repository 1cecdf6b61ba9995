/** Rows of a query as an aligned table and as CSV. */
import stringWidth from 'string-width';

/** Cells are cut to the first of these widths with which a line fits the terminal; their whole text is in --csv and --json. */
const cellWidths = [60, 50, 40, 35, 30, 26, 22, 18, 15, 12];
const gap = '  ';

interface TableColumn {
  readonly name: string;
  readonly isNumber: boolean;
}

/** A header, a rule and the rows; numbers to the right. Cells hold no line breaks. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  terminalColumns = Number.POSITIVE_INFINITY,
): string {
  const text = [columns.map(({ name }) => name), ...rows];
  const measured = text.map((row) => row.map((cell) => stringWidth(cell)));
  const widest = columns.map((_, at) => measured.reduce((most, row) => Math.max(most, row[at] ?? 0), 0));
  const lineWidth = (most: number) =>
    widest.reduce((sum, width) => sum + Math.min(width, most) + gap.length, -gap.length);
  const most =
    cellWidths.find((width) => lineWidth(width) <= terminalColumns) ?? cellWidths[cellWidths.length - 1] ?? 12;
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => {
        const clipped = clip(cell, most);
        const fill = ' '.repeat(Math.max(0, Math.min(widest[at] ?? 0, most) - stringWidth(clipped)));
        return columns[at]?.isNumber ? fill + clipped : clipped + fill;
      })
      .join(gap)
      .trimEnd();
  const [head = [], ...body] = text;
  const rule = widest.map((width) => '-'.repeat(Math.min(width, most))).join(gap);
  return `${[line(head), rule, ...body.map(line)].join('\n')}\n`;
}

/** At most `most` columns of a terminal. */
function clip(text: string, most: number): string {
  if (text.length <= most && stringWidth(text) <= most) return text;
  let clipped = '';
  let width = 0;
  for (const character of text) {
    width += stringWidth(character);
    if (width >= most) break;
    clipped += character;
  }
  return `${clipped}…`;
}

/** One line of RFC 4180, with its line break. Null is an empty field, empty text a quoted one. */
export function csvLine(cells: readonly (string | null)[]): string {
  const fields = cells.map((cell) => {
    if (cell === null) return '';
    return cell === '' || /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  });
  return `${fields.join(',')}\n`;
}
