/** What counts as the same wording: runs of words that a question of the box must not share with the training corpus. */

/** Words, numbers and single Chinese characters; case, width and punctuation do not count. */
export function unitsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[a-z]+|\d+|[\u3400-\u9fff]/g) ?? []
  );
}

/** 8 words, or 12 characters where most are Chinese. */
function runLength(units: readonly string[]): number {
  const chinese = units.filter((unit) => unit >= '\u3400').length;
  return chinese * 2 > units.length ? 12 : 8;
}

/** Finds the runs of many texts in other texts. */
export class Wordings {
  private readonly byFirst = new Map<string, string[][]>();

  /** Every run of `text`; all of it where it is shorter than a run. */
  add(text: string): void {
    const units = unitsOf(text);
    const length = Math.min(runLength(units), units.length);
    for (let start = 0; start + length <= units.length; ++start) {
      const run = units.slice(start, start + length);
      const first = run[0] ?? '';
      const known = this.byFirst.get(first);
      if (known === undefined) this.byFirst.set(first, [run]);
      else known.push(run);
    }
  }

  /** A run that `text` shares with what was added, or undefined. */
  sharedRun(text: string): string | undefined {
    const units = unitsOf(text);
    for (let start = 0; start < units.length; ++start) {
      const runs = this.byFirst.get(units[start] ?? '');
      const found = runs?.find((run) => run.every((unit, i) => units[start + i] === unit));
      if (found !== undefined) return found.join(' ');
    }
    return undefined;
  }
}

/** Numbers of a text in order, with their signs: "3,641 and -2.50" gives 3641 and -2.5. */
export function numeralsOf(text: string): string {
  const found = text.replaceAll('−', '-').match(/-?\d[\d,]*(?:\.\d+)?/g) ?? [];
  return found.map((numeral) => Number(numeral.replaceAll(',', ''))).join(' ');
}

/** Share of the words, numbers apart, that two texts have in common: intersection over union. */
export function likeness(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => new Set(unitsOf(text).filter((unit) => !/\d/.test(unit))));
  if (left === undefined || right === undefined || left.size + right.size === 0) return 0;
  const common = [...left].filter((unit) => right.has(unit)).length;
  return common / (left.size + right.size - common);
}
