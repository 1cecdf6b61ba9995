import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadEngine } from '../../engine/load-engine.js';
import { packageRoot } from '../../package-root.js';
import { getSuite } from '../../suites/registry.js';

const shared = process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared');
const model = path.join(shared, 'models', 'minimind2-small');
const oracle = path.join(shared, 'oracle', 'mmlu', 'minimind2-small.json');
const present = existsSync(model) && existsSync(oracle) && existsSync(path.join(shared, 'datasets', 'mmlu'));

interface Oracle {
  readonly letters: Record<string, number>;
  readonly samples: readonly { id: string; target: string; prompt_tokens: number; choices: Record<string, number> }[];
}

(present ? describe : describe.skip)(
  'MMLU 5-shot on a trained model in float32 (needs the shared model and questions)',
  () => {
    test("every sample has the reference's prompt tokens and letter log-probabilities", async () => {
      const { letters, samples } = JSON.parse(readFileSync(oracle, 'utf8')) as Oracle;
      const [plan] = await getSuite('mmlu').plan({
        seed: 0,
        dataDir: path.join(shared, 'datasets'),
        protocol: 'official',
      });
      const engine = await loadEngine({ model, dtype: 'f32' });
      const wanted = new Map(samples.map((sample) => [sample.id, sample]));
      const asked = (plan?.kind === 'choice' ? plan.samples : []).filter(({ id }) => wanted.has(id));
      const requests = asked.map(({ id, context, continuations }) => ({
        id,
        context: engine.tokenizer.encode(context),
        continuations: Object.values(continuations).map((text) =>
          engine.tokenizer.encode(text, { addSpecialTokens: false }),
        ),
      }));
      let worst = 0;
      let answered = 0;
      for await (const { id, logProbs, promptTokens } of engine.score(requests)) {
        const reference = wanted.get(id);
        expect({ id, promptTokens }).toEqual({ id, promptTokens: reference?.prompt_tokens });
        Object.keys(letters).forEach((letter, i) => {
          worst = Math.max(worst, Math.abs((logProbs[i] as number) - (reference?.choices[letter] as number)));
        });
        answered += 1;
      }
      await engine.close();
      expect(requests[0]?.continuations).toEqual(Object.values(letters).map((id) => [id]));
      expect(answered).toBe(samples.length);
      expect(worst).toBeLessThan(1e-3);
      console.info(`largest difference from the reference: ${worst.toExponential(2)} nats over ${answered} samples`);
    });
  },
);
