/** Breaks text into lines of a terminal's width, at spaces. */
import stringWidth from 'string-width';

/** Lines at most `columns` wide (a Chinese character is two columns), later ones indented; long words stay whole. */
export function wrapText(text: string, columns: number, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S)(?=\s+\S)/)) {
    if (line.trim() !== '' && stringWidth(line + word) > columns) {
      lines.push(line);
      line = ' '.repeat(indent) + word.trimStart();
    } else line += word;
  }
  return [...lines, line];
}

/** Text of unknown origin for one line of a terminal: control characters, which could move its cursor, become spaces. */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}
