/** The result of a comparison. */
export interface Verdict {
  readonly equal: boolean;
  /**
   * What decided: `exact`, `integer`, `fraction`, `expression`, `tuple`, `interval`, ...; `kind` for answers of kinds that are
   * never equal, `too-large` and `undecided` for comparisons that were given up.
   */
  readonly rule: string;
}
