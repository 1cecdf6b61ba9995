/** A dataset of two subjects with its manifest entry, small enough to write out, for tests of the data commands. */

import type { ChoiceEntry, DatasetSource } from '../../datasets/manifest.js';
import { sha256Hex } from '../../sha256.js';

const row = (subject: string, index: number) => `"${subject}\nquestion ${index}",a,b,c,d,${'ABCD'[index % 4]}\n`;

function rows(subject: string, count: number): string {
  return Array.from({ length: count }, (_, index) => row(subject, index)).join('');
}

/** Path -> content. */
export const SMALL_FILES: Readonly<Record<string, string>> = {
  'dev/anatomy_dev.csv': rows('anatomy dev', 5),
  'dev/virology_dev.csv': rows('virology dev', 5),
  'test/anatomy_test.csv': rows('anatomy test', 300),
  'test/virology_test.csv': rows('virology test', 7),
};

/** The manifest entry of `SMALL_FILES`, under the id mmlu. */
export function smallEntry(
  source: DatasetSource = { kind: 'files', urls: ['http://127.0.0.1:9/{path}'] },
): ChoiceEntry {
  return {
    id: 'mmlu',
    title: 'A small dataset',
    homepage: 'https://example.org/small',
    licence: 'MIT',
    format: 'mmlu',
    layout: { shots: 'dev/{subject}_dev.csv', questions: 'test/{subject}_test.csv' },
    source,
    files: Object.entries(SMALL_FILES).map(([path, content]) => ({
      path,
      sha256: sha256Hex(Buffer.from(content)),
      bytes: Buffer.byteLength(content),
      rows: content.split(',a,b,c,d,').length - 1,
    })),
  };
}
