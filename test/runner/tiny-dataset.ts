/** A data directory with made-up questions in the publishers' formats, for runs that need no real benchmark. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { choiceEntry, manifestSubjects, subjectPath } from '../../datasets/manifest.js';

const letters = ['A', 'B', 'C', 'D'];

const formats = {
  mmlu: { head: undefined, row: (s: string, n: number) => `"${s} question ${n}, what?",one,two,three,four,${key(n)}` },
  ceval: {
    head: 'id,question,A,B,C,D,answer',
    row: (s: string, n: number) => `${n},${s} 的第${n}题,一,二,三,四,${key(n)}`,
  },
  cmmlu: {
    head: ',Question,A,B,C,D,Answer',
    row: (s: string, n: number) => `${n},${s} 的第${n}题,一,二,三,四,${key(n)}`,
  },
};

function key(n: number): string {
  return letters[n % letters.length] ?? 'A';
}

/** Writes every subject of the datasets `ids` below `folder`, each with 5 shots and `questions` questions. */
export function writeTinyDatasets(folder: string, questions = 3, ids: (keyof typeof formats)[] = ['mmlu']): string {
  for (const id of ids) {
    const entry = choiceEntry(id);
    const { head, row } = formats[id];
    for (const subject of manifestSubjects(entry)) {
      const write = (layout: string, count: number, isDev: boolean) => {
        const file = path.join(folder, id, subjectPath(layout, subject));
        const explain = isDev && id === 'ceval';
        const rows = Array.from({ length: count }, (_, n) => row(subject, n) + (explain ? ',因为' : ''));
        const lines = head === undefined ? rows : [head + (explain ? ',explanation' : ''), ...rows];
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, `${lines.join('\n')}\n`);
      };
      write(entry.layout.shots, 5, true);
      write(entry.layout.questions, questions, false);
    }
  }
  return folder;
}
