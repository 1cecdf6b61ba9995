/** Runs drawn from worlds in which it is known what changed and what did not. */
import { randomNumbers } from '../../../runner/history/random-numbers.js';

/** [run][question] */
export type Answers = readonly (readonly boolean[])[];

export interface World {
  readonly runs: number;
  readonly questions: number;
  readonly seed: number;
}

/** Every answer is drawn anew each night, question by question with its own chance: sampling at a temperature. */
export function sampledRuns({ runs, questions, seed }: World, shiftOf: (run: number) => number = () => 0): Answers {
  const random = randomNumbers(seed);
  const ease = Array.from({ length: questions }, () => random());
  return Array.from({ length: runs }, (_, t) => ease.map((p) => random() < p + shiftOf(t)));
}

/**
 * Answers stay as they are until a new build, every third night, turns some round for good: as many lost as gained on average,
 * so that nothing changed but the arithmetic. `step` loses or gains this share of the questions, from a run on.
 */
export function builtRuns(
  { runs, questions, seed }: World,
  step?: { readonly at: number; readonly share: number; readonly until?: number },
): Answers {
  const random = randomNumbers(seed);
  const accuracy = 0.7;
  let answers = Array.from({ length: questions }, () => random() < accuracy);
  const hit = answers.map((isRight) => isRight && random() < (step?.share ?? 0) / accuracy);
  return Array.from({ length: runs }, (_, t) => {
    const turned = 0.02;
    // right -> wrong and wrong -> right are equally many: 0.7 a = 0.3 b.
    if (t % 3 === 1) {
      answers = answers.map((isRight) => (random() < (isRight ? turned : (turned * 0.7) / 0.3) ? !isRight : isRight));
    }
    const isHit = step !== undefined && t >= step.at && t < (step.until ?? runs);
    return answers.map((isRight, q) => isRight && !(isHit && hit[q]));
  });
}
