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
