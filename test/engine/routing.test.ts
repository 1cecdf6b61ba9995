import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ScoreRequest, StepRouting } from '../../engine/engine.js';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import { writeRandomModel } from '../../models/random-model.js';
import { packageRoot } from '../../package-root.js';
import { ExpertLoad, type RoutingLine, routingLines } from '../../runner/expert-load.js';

let scratch: string;
let engine: LocalEngine;
beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), 'evalrun-routing-'));
  writeRandomModel(path.join(scratch, 'model'), 'random');
  engine = await loadEngine({ model: path.join(scratch, 'model'), dtype: 'f32', batchTokens: 64 });
});
afterAll(async () => {
  await engine.close();
  rmSync(scratch, { recursive: true, force: true });
});

const prefix = Array.from({ length: 40 }, (_, t) => (t * 11 + 3) % 256);
/** Two subjects of three questions, which share their beginning. */
const requests: ScoreRequest[] = Array.from({ length: 6 }, (_, i) => ({
  id: `suite/${i < 3 ? 'a' : 'b'}/${i}`,
  group: `suite/${i < 3 ? 'a' : 'b'}`,
  context: [...prefix, i < 3 ? 7 : 8, ...Array.from({ length: 5 + i * 9 }, (_, t) => (t * 5 + i * 17) % 256)],
  continuations: [[1], [2]],
}));

/** Every step's routing while these are scored, and how many tokens were computed for them. */
async function routingOf(asked: readonly ScoreRequest[], sharePrefixes: boolean) {
  const steps: StepRouting[] = [];
  engine.recordRouting = true;
  engine.onStep = ({ routing }) => {
    if (routing) steps.push(routing);
  };
  let computed = 0;
  for await (const result of engine.score(asked, { sharePrefixes }))
    computed += result.promptTokens - result.sharedTokens;
  engine.onStep = undefined;
  engine.recordRouting = false;
  return { steps, computed };
}

const chosenBy = ({ steps }: { readonly steps: readonly StepRouting[] }) =>
  new Map(steps.flatMap((step) => [...routingLines(step)].map(({ id, experts }) => [id, experts] as const)));

describe('routing', () => {
  test('the experts of a sample are those that it has alone, whatever else its step computes', async () => {
    const together = chosenBy(await routingOf(requests, true));
    expect([...together.keys()].sort()).toEqual(requests.map(({ id }) => id).sort());
    expect(new Set([...together.values()].map((experts) => JSON.stringify(experts))).size).toBeGreaterThan(2);
    for (const request of requests) {
      const alone = chosenBy(await routingOf([request], false));
      expect(alone.get(request.id)).toEqual(together.get(request.id));
    }
  });

  test('each token has K different experts in each layer, and a shared token counts once', async () => {
    const { moe, layers, feedForward } = engine.arch;
    if (moe === null) throw new Error('the random model has no experts');
    const { steps, computed } = await routingOf(requests, true);
    const load = new ExpertLoad();
    for (const step of steps) {
      load.add(step);
      for (let pair = 0; pair < step.chosen.length; pair += moe.expertsPerToken) {
        const experts = [...step.chosen.subarray(pair, pair + moe.expertsPerToken)];
        expect(new Set(experts).size).toBe(moe.expertsPerToken);
        expect(Math.max(...experts)).toBeLessThan(moe.experts);
      }
    }
    const lines = load.takeLines();
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(lines.map(({ tokens }) => tokens))).toBe(computed);
    expect(computed).toBeLessThan(sum(requests.map(({ context }) => context.length)) - 4 * prefix.length);
    for (const line of lines) {
      expect(line.suite).toBe('suite');
      expect(line.layers).toEqual([...Array(layers).keys()].filter((layer) => feedForward[layer] === 'moe'));
      for (const counts of line.counts) expect(sum(counts)).toBe(line.tokens * moe.expertsPerToken);
    }
    expect(lines.map(({ group }) => group).sort()).toEqual(['a', 'b']);
    expect(load.takeLines()).toEqual([]);
  });

  test("a subject's load is what it has without the other subjects in its steps", async () => {
    const loadOf = async (asked: readonly ScoreRequest[]) => {
      const load = new ExpertLoad();
      for (const step of (await routingOf(asked, false)).steps) load.add(step);
      return load.takeLines();
    };
    const together = await loadOf(requests);
    expect(together.map(({ group }) => group)).toEqual(['a', 'b']);
    for (const line of together) {
      const alone = await loadOf(requests.filter(({ group }) => group === `suite/${line.group}`));
      expect(alone).toEqual([line]);
    }
    expect(together[0]?.counts).not.toEqual(together[1]?.counts);
  });

  test('nothing is recorded unless it is asked for', async () => {
    let routing = 0;
    engine.onStep = (stats) => {
      if (stats.routing) routing += 1;
    };
    for await (const _ of engine.score(requests));
    engine.onStep = undefined;
    expect(routing).toBe(0);
  });

  test('the trained model sends a prompt to the experts that transformers sends it to', async () => {
    const nano = await loadEngine({ model: path.join(packageRoot, 'models', 'nano'), dtype: 'f32' });
    const lines: unknown[] = [];
    nano.recordRouting = true;
    nano.onStep = ({ routing }) => {
      if (routing) lines.push(...routingLines(routing));
    };
    const context = nano.tokenizer.encode(
      'The following are multiple choice questions about anatomy.\n\nWhich bone is in the arm?\nA. femur\nB. humerus\nAnswer:',
    );
    for await (const _ of nano.score([{ id: 'arm', context, continuations: [[5]] }]));
    await nano.close();
    const sorted = lines.map((line) => {
      const { id, experts } = line as RoutingLine;
      return { id, experts: experts.map((layer) => [...layer].sort((a, b) => a - b)) };
    });
    // transformers 5.18, DeepseekV3ForCausalLM, float32: what each layer's router hands to its experts for the last token.
    const experts = [
      [4, 7, 12, 15],
      [6, 13, 14, 15],
      [0, 1, 9, 10],
      [3, 8, 9, 11],
    ];
    expect(sorted).toEqual([{ id: 'arm', experts }]);
  });
});
