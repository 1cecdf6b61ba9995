/** One mathematics problem as its publisher's file holds it. */
export interface MathProblem {
  /** `math500/12`, `mgsm/zh/3`. */
  readonly id: string;
  /** MATH-500's subject, mgsm's language, cmath's grade; empty where there are none. */
  readonly group: string;
  readonly problem: string;
  /** The key, as published: a formula or a number. */
  readonly target: string;
}
