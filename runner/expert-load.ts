/** How many tokens each expert was given, by subject: what the balance of a mixture of experts is read from. */
import type { StepRouting } from '../engine/engine.js';

/** A line of telemetry.jsonl; all lines of a group are to be added up. */
export interface ExpertLoadLine {
  readonly type: 'experts';
  readonly suite: string;
  /** The subject. */
  readonly group: string;
  /** Tokens counted; each gives every layer its K experts. */
  readonly tokens: number;
  /** Indices of the mixture-of-experts layers. */
  readonly layers: readonly number[];
  /** Per layer, tokens given to each of its experts. */
  readonly counts: readonly (readonly number[])[];
}

/** A line of telemetry.jsonl: the experts of the token after which a sample's answer is read. */
export interface RoutingLine {
  readonly type: 'routing';
  /** As keyOf. */
  readonly id: string;
  /** Per mixture-of-experts layer, ascending by index. */
  readonly experts: readonly (readonly number[])[];
}

interface GroupLoad {
  tokens: number;
  /** [L, E] */
  readonly counts: Uint32Array;
}

export class ExpertLoad {
  private readonly groups = new Map<string, GroupLoad>();
  private layers: readonly number[] = [];
  private experts = 0;

  /** `groups` of the step are `suite/subject`. */
  add({ layers, experts, expertsPerToken, chosen, groups }: StepRouting): void {
    this.layers = layers;
    this.experts = experts;
    const tokens = groups.reduce((sum, { count }) => sum + count, 0);
    let first = 0;
    for (const { group, count } of groups) {
      const load = this.loadOf(group);
      load.tokens += count;
      for (let layer = 0; layer < layers.length; ++layer) {
        const begin = (layer * tokens + first) * expertsPerToken;
        for (const expert of chosen.subarray(begin, begin + count * expertsPerToken)) {
          const cell = layer * experts + expert;
          load.counts[cell] = (load.counts[cell] as number) + 1;
        }
      }
      first += count;
    }
  }

  /** What was added since the last call. */
  takeLines(): ExpertLoadLine[] {
    const lines = [...this.groups].map(([name, { tokens, counts }]): ExpertLoadLine => {
      const slash = name.indexOf('/');
      return {
        type: 'experts',
        suite: slash < 0 ? name : name.slice(0, slash),
        group: slash < 0 ? '' : name.slice(slash + 1),
        tokens,
        layers: this.layers,
        counts: this.layers.map((_, layer) => [...counts.subarray(layer * this.experts, (layer + 1) * this.experts)]),
      };
    });
    this.groups.clear();
    return lines;
  }

  private loadOf(group: string): GroupLoad {
    const known = this.groups.get(group);
    if (known !== undefined) return known;
    const load = { tokens: 0, counts: new Uint32Array(this.layers.length * this.experts) };
    this.groups.set(group, load);
    return load;
  }
}

/** The experts of the rows that a step names. */
export function* routingLines({
  layers,
  expertsPerToken,
  chosen,
  groups,
  probes,
}: StepRouting): Generator<RoutingLine> {
  const tokens = groups.reduce((sum, { count }) => sum + count, 0);
  for (const { row, id } of probes) {
    const experts = layers.map((_, layer) => {
      const begin = (layer * tokens + row) * expertsPerToken;
      return [...chosen.subarray(begin, begin + expertsPerToken)];
    });
    yield { type: 'routing', id, experts };
  }
}
