/** How many rows a file of a dataset holds, whatever its format. */
import { parseChoiceCsv } from './choice-csv.js';
import { parseCodeFile } from './code-problem.js';
import { type DatasetEntry, isChoice } from './manifest.js';
import { parseMathFile } from './math-problem-files.js';
import { parseMulFile } from './mul-problem.js';

/** Rows of the file `file` (its path below the dataset). Throws what the format's parser throws. */
export function countRows(entry: DatasetEntry, file: string, bytes: Buffer): number {
  const label = `${entry.id}/${file}`;
  if (isChoice(entry)) return parseChoiceCsv(bytes, { format: entry.format, file: label }).length;
  if (entry.format === 'humaneval') return parseCodeFile(bytes, label).length;
  if (entry.format === 'humaneval-plus') return parseCodeFile(bytes, label, entry.format).length;
  if (entry.format === 'humaneval-mul') return parseMulFile(bytes, file).length;
  return parseMathFile(bytes.toString('utf8'), { dataset: entry.format, file }).length;
}
