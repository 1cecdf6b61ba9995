/** Answers to multiple choice: log-probabilities from the engine, scored as they come. */
import type { Engine, ScoreOptions } from '../engine/engine.js';
import { wrongResults } from './execute.js';
import type { Outcome } from './outcome.js';
import type { PlannedChoice } from './plan-choices.js';
import { scoreSample } from './sample-line.js';

/** Throws `internal/engine-results` for a result that nobody asked for, and what the engine throws. */
export async function* scoreChoices(
  engine: Engine,
  samples: readonly PlannedChoice[],
  options: Pick<ScoreOptions, 'signal'> = {},
): AsyncGenerator<Outcome> {
  const byId = new Map(samples.map((sample) => [sample.id, sample]));
  const requests = samples.map(({ request }) => request);
  for await (const result of engine.score(requests, options)) {
    const sample = byId.get(result.id);
    if (sample === undefined) throw wrongResults(`a result for ${result.id}, which was not asked for`);
    const { promptTokens, sharedTokens } = result;
    yield { line: scoreSample(sample, result), cost: { promptTokens, sharedTokens, completionTokens: 0 } };
  }
}
