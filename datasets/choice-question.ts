/** One multiple-choice question as its publisher's file holds it, untouched. */
export interface ChoiceQuestion {
  /** 0-based place of the record in its file. */
  readonly row: number;
  readonly question: string;
  /** Options A, B, C, D, not trimmed. */
  readonly options: readonly [string, string, string, string];
  readonly answer: 'A' | 'B' | 'C' | 'D';
}

/** The questions of one file; an array of them is one. */
export interface ChoiceRows extends Iterable<ChoiceQuestion> {
  readonly length: number;
  /** Undefined behind the last one. */
  at(row: number): ChoiceQuestion | undefined;
}

/** A file that a suite read, for run.json. */
export interface DatasetFile {
  /** Path below the data directory, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  readonly rows: number;
}

/** One subject: the development questions that make the shots and the questions that are asked. */
export interface ChoiceSubject {
  readonly subject: string;
  readonly dev: ChoiceRows;
  readonly questions: ChoiceRows;
  readonly files: readonly DatasetFile[];
}
