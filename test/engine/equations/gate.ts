/** The router: which experts a token takes, and with what weights. */
import type { Details } from './details.js';
import { isDeepseek, type PublishedConfig } from './published-config.js';
import { at, plus, type Row, sigmoid, softmax } from './vectors.js';

export interface Routing {
  /** Best first. */
  readonly experts: readonly number[];
  readonly weights: readonly number[];
  /** Smallest distance between a score that was taken and one that was not: what rounding must stay below. */
  readonly margin: number;
}

/** @param logits the router's product with the token, one per expert; `bias` is e_score_correction_bias */
export function route(config: PublishedConfig, logits: Row, bias: Row | undefined, details: Details): Routing {
  const v3 = config.scoring_func === 'sigmoid';
  const scores = v3 ? logits.map(sigmoid) : softmax(logits);
  const biased = bias === undefined ? scores : plus(scores, bias);
  const groups = keptGroups(config, biased, details);
  const perGroup = scores.length / (config.n_group ?? 1);
  const allowed = biased.map((score, e) =>
    groups.kept.includes(Math.floor(e / perGroup)) ? score : details.maskedScore,
  );
  const { kept: experts, margin } = best(allowed, config.num_experts_per_tok as number, details);
  const raw = experts.map((e) => {
    if (details.weightsFrom === 'biased scores') return at(biased, e);
    if (details.weightsFrom === 'scores' || bias === undefined) return at(scores, e);
    return Math.fround(Math.fround(at(biased, e)) - at(bias, e));
  });
  const normalize = (config.norm_topk_prob === true) === (details.normalizeTopK === 'published');
  const sum = normalize ? raw.reduce((a, b) => a + b, 0) + 1e-20 : 1;
  const scale = (config.routed_scaling_factor ?? 1) * details.routedScaleFactor;
  return { experts, weights: raw.map((w) => (w / sum) * scale), margin: Math.min(margin, groups.margin) };
}

/** The groups whose experts may be chosen: V3 ranks them by the sum of their two best, V2 by their best. */
function keptGroups(
  config: PublishedConfig,
  biased: Row,
  details: Details,
): { kept: readonly number[]; margin: number } {
  const count = config.n_group ?? 1;
  const all = Array.from({ length: count }, (_, g) => g);
  const grouped = isDeepseek(config) && config.topk_method !== 'greedy' && count > 1 && details.respectGroups;
  if (!grouped) return { kept: all, margin: Infinity };
  const bestTwo = (config.topk_method === 'noaux_tc') === (details.groupScore === 'published');
  const width = biased.length / count;
  const scores = all.map((g) => {
    const members = [...biased.subarray(g * width, (g + 1) * width)].sort((a, b) => b - a);
    return members.slice(0, bestTwo ? 2 : 1).reduce((a, b) => a + b, 0);
  });
  return best(scores, config.topk_group as number, details);
}

/** Places of the `count` largest, largest first; the lower place wins a tie. */
function best(
  scores: ArrayLike<number>,
  count: number,
  { tieGoesTo }: Details,
): { kept: readonly number[]; margin: number } {
  const direction = tieGoesTo === 'lower' ? 1 : -1;
  const places = Array.from(scores, (_, i) => i);
  places.sort((a, b) => at(scores, b) - at(scores, a) || direction * (a - b));
  const last = at(scores, at(places, count - 1));
  const next = count < places.length ? at(scores, at(places, count)) : -Infinity;
  return { kept: places.slice(0, count), margin: last - next };
}
