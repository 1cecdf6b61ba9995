/** What scores are made of: a sample's line without its numbers and texts, which would be most of the memory of a long run. */
import { type ChoiceLine, type GenerativeLine, isChoice, type SampleLine } from './sample-line.js';

export type ScoredChoice = Pick<ChoiceLine, 'id' | 'suite' | 'group' | 'status' | 'target' | 'answer'> & {
  /** Its keys are the labels. */
  readonly choices: Readonly<Record<string, unknown>>;
};

export type ScoredWriting = Pick<
  GenerativeLine,
  'id' | 'suite' | 'group' | 'status' | 'end' | 'extracted_by' | 'rule' | 'completion_tokens'
>;

/** Every SampleLine is one. */
export type ScoredLine = ScoredChoice | ScoredWriting;

export function isScoredChoice(line: ScoredLine): line is ScoredChoice {
  return 'choices' in line;
}

export function isScoredWriting(line: ScoredLine): line is ScoredWriting {
  return !isScoredChoice(line);
}

/** Makes them; equal words, and equal lists of labels, are in memory once. */
export class ScoredLines {
  private readonly words = new Map<string, string>();
  private readonly labels = new Map<string, ScoredChoice['choices']>();

  of(line: SampleLine): ScoredLine {
    const [suite, group, status] = [this.word(line.suite), this.word(line.group), this.word(line.status)];
    // Written out, because what a spread adds takes a second object.
    return isChoice(line)
      ? {
          id: line.id,
          suite,
          group,
          status,
          target: this.word(line.target),
          answer: this.wordOrNull(line.answer),
          choices: this.labelsOf(line.choices),
        }
      : {
          id: line.id,
          suite,
          group,
          status,
          end: line.end,
          extracted_by: this.wordOrNull(line.extracted_by),
          rule: this.wordOrNull(line.rule),
          completion_tokens: line.completion_tokens,
        };
  }

  private labelsOf(choices: ChoiceLine['choices']): ScoredChoice['choices'] {
    const names = Object.keys(choices);
    const key = JSON.stringify(names);
    const known = this.labels.get(key);
    if (known !== undefined) return known;
    const labels = Object.fromEntries(names.map((name) => [name, null]));
    this.labels.set(key, labels);
    return labels;
  }

  private wordOrNull(word: string | null): string | null {
    return word === null ? null : this.word(word);
  }

  private word<Word extends string>(word: Word): Word {
    if (!this.words.has(word)) this.words.set(word, word);
    return this.words.get(word) as Word;
  }
}
