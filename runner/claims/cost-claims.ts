/** Claims about speed, balance and money: arithmetic on published figures, and what runs here have cost. */
import type { Claim, Finding } from './claim.js';
import { type Evidence, type EvidenceRun, isDeepSeekV3 } from './evidence.js';

const REPORT = 'DeepSeek-V3 report';

/** Thousands of H800 hours, Table 1. */
const H800_HOURS = { preTraining: 2664, contextExtension: 119, postTraining: 5 };

export const costClaims: readonly Claim[] = [
  {
    id: 'fp8/speed',
    topic: 'FP8',
    statement: 'FP8 "theoretically doubles the computational speed compared with the original BF16 method"',
    definition:
      'prompt tokens per second of one machine and suite, --dtype fp8 against bf16; the claim is about the products of training',
    source: `${REPORT}, section 3.3.1`,
    claimed: '2.0x',
    check: fp8Speed,
  },
  {
    id: 'fp8/memory',
    topic: 'FP8',
    statement: 'FP8 weights take half of the memory',
    definition: 'bytes of weights in memory, fp8 against bf16, with scales and what stays in bf16',
    source: `${REPORT}, section 3.3`,
    claimed: 'about 0.5x',
    check: ({ runs }) => {
      const pair = sameModelPair(runs);
      if (pair === undefined) return needs('two runs of one model, --dtype bf16 and --dtype fp8');
      const ratio = pair.fp8.cost.weightBytes / pair.bf16.cost.weightBytes;
      return {
        measured: `${ratio.toFixed(2)}x`,
        verdict: ratio <= 0.6 ? 'holds' : 'differs',
        remark: modelOf(pair.fp8),
      };
    },
  },
  {
    id: 'experts/balance',
    topic: 'experts',
    statement: 'bias-balanced routing keeps the load of experts balanced without an auxiliary loss',
    definition: 'tokens of the fullest expert over the mean, per layer, over all prompts of a run; 1 is perfect',
    source: `${REPORT}, sections 2.1.2 and 4.5.3, without a number`,
    claimed: 'balanced',
    check: expertBalance,
  },
  {
    id: 'mtp/acceptance',
    topic: 'multi-token prediction',
    statement: 'the second token is accepted in 85 to 90 % of cases',
    definition: 'drafts of the MTP module that equal what the main model takes next, over all generated tokens',
    source: `${REPORT}, section 5.4.3`,
    claimed: '85 to 90 %',
    check: ({ runs }) => {
      const run = runs.find(({ cost }) => cost.draftedTokens > 0);
      if (run === undefined) return needs('a run of a generative suite with --mtp');
      const rate = run.cost.acceptedTokens / run.cost.draftedTokens;
      const measured = `${percent(rate)} of ${run.cost.draftedTokens.toLocaleString('en-US')} drafts`;
      if (!isDeepSeekV3(run)) return { measured, verdict: 'not comparable', remark: modelOf(run) };
      return { measured, verdict: rate >= 0.845 ? 'holds' : 'differs', remark: modelOf(run) };
    },
  },
  {
    id: 'training/hours',
    topic: 'training cost',
    statement: '2.788M H800 GPU hours for the full training',
    definition:
      'pre-training 2,664K (180K per trillion tokens, 14.8 trillion), context extension 119K, post-training 5K',
    source: `${REPORT}, Table 1`,
    claimed: '2,788 K hours',
    check: () => {
      const { preTraining, contextExtension, postTraining } = H800_HOURS;
      const sum = preTraining + contextExtension + postTraining;
      const holds = sum === 2788 && Math.round(180 * 14.8) === preTraining;
      const measured = `${sum.toLocaleString('en-US')} K; 180 K x 14.8 = ${Math.round(180 * 14.8).toLocaleString('en-US')} K`;
      return {
        measured,
        verdict: holds ? 'holds' : 'differs',
        remark: 'arithmetic only: nobody outside can measure it',
      };
    },
  },
  {
    id: 'training/dollars',
    topic: 'training cost',
    statement: '$5.576M at $2 per GPU hour',
    definition: 'the hours above at that price; without research, failed runs, data, people',
    source: `${REPORT}, Table 1`,
    claimed: '$5.576 M',
    check: () => {
      const dollars = (H800_HOURS.preTraining + H800_HOURS.contextExtension + H800_HOURS.postTraining) * 2000;
      const measured = `$${(dollars / 1e6).toFixed(3)} M`;
      return { measured, verdict: dollars === 5_576_000 ? 'holds' : 'differs', remark: 'arithmetic only' };
    },
  },
  {
    id: 'training/days',
    topic: 'training cost',
    statement: '3.7 days per trillion tokens on 2,048 H800',
    definition: '180K GPU hours over 2,048 GPUs',
    source: `${REPORT}, section 1`,
    claimed: '3.7 days',
    check: () => {
      const days = 180_000 / 2048 / 24;
      return {
        measured: `${days.toFixed(2)} days`,
        verdict: days.toFixed(1) === '3.7' ? 'holds' : 'differs',
        remark: 'arithmetic only',
      };
    },
  },
  {
    id: 'serving/cost',
    topic: 'serving cost',
    statement: 'cost per million tokens',
    definition: "a run's tokens, computed and generated, over its engine time, at the given price of the GPUs it had",
    source: 'not claimed: for comparison with prices',
    claimed: '-',
    check: servingCost,
  },
];

function fp8Speed({ runs }: Evidence): Finding {
  const pair = sameModelPair(runs);
  if (pair === undefined) return needs('two runs of one model on one machine, --dtype bf16 and --dtype fp8');
  const { bf16, fp8 } = pair;
  if (
    bf16.record.engine.device !== fp8.record.engine.device ||
    bf16.record.engine.threads !== fp8.record.engine.threads
  ) {
    return { measured: '', verdict: 'not comparable', remark: 'the two runs had other devices or threads' };
  }
  const rate = ({ cost }: EvidenceRun) => (cost.prefillTokens + cost.decodeTokens) / cost.stepSeconds;
  const measured = `${(rate(fp8) / rate(bf16)).toFixed(2)}x on ${fp8.record.engine.device}`;
  // The claim is about tensor cores that have FP8.
  if (!fp8.record.engine.device.startsWith('cuda')) {
    return {
      measured,
      verdict: 'not comparable',
      remark: `${modelOf(fp8)}; the claim is about GPUs with FP8 arithmetic`,
    };
  }
  const holds = rate(fp8) / rate(bf16) >= 1.8;
  return { measured, verdict: holds ? 'holds' : 'differs', remark: modelOf(fp8) };
}

function expertBalance({ runs }: Evidence): Finding {
  const run = runs.find(({ cost }) => cost.experts.length > 0);
  if (run === undefined) return needs('a run of a model with routed experts');
  const ratios = run.cost.experts.map((counts) => {
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    return Math.max(...counts) / mean;
  });
  const shown = ratios.length <= 8 ? ratios.map((ratio) => ratio.toFixed(2)).join(', ') : summary(ratios);
  return {
    measured: shown,
    verdict: 'not comparable',
    remark: `${modelOf(run)}, ${ratios.length} layers; no number is claimed`,
  };
}

function summary(ratios: readonly number[]): string {
  const sorted = [...ratios].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
  return `${at(0)} to ${at(1)}, median ${at(0.5)}`;
}

function servingCost({ runs, gpuHourPrice, gpus }: Evidence): Finding {
  const run = runs.find(({ cost, record }) => cost.stepSeconds > 0 && record.engine.device.startsWith('cuda'));
  if (run === undefined) return needs('a run on a GPU');
  const perSecond = (run.cost.prefillTokens + run.cost.decodeTokens) / run.cost.stepSeconds;
  const dollars = (gpuHourPrice * gpus * 1e6) / (perSecond * 3600);
  const measured = `$${dollars.toPrecision(3)} at ${Math.round(perSecond).toLocaleString('en-US')} tokens/s`;
  return { measured, verdict: 'not comparable', remark: `${modelOf(run)}, ${gpus} GPU at $${gpuHourPrice} an hour` };
}

const FP8: readonly string[] = ['fp8', 'fp8-bf16'];

function sameModelPair(runs: readonly EvidenceRun[]): { bf16: EvidenceRun; fp8: EvidenceRun } | undefined {
  const timed = runs.filter(({ cost }) => cost.stepSeconds > 0 && cost.weightBytes > 0);
  for (const fp8 of timed.filter(({ record }) => FP8.includes(record.engine.dtype))) {
    const bf16 = timed.find(({ record }) => record.engine.dtype === 'bf16' && sameWork(record, fp8.record));
    if (bf16 !== undefined) return { bf16, fp8 };
  }
  return undefined;
}

/** The same prompts to a model of the same shape: its FP8 weights may be a checkpoint of their own. */
function sameWork(a: EvidenceRun['record'], b: EvidenceRun['record']): boolean {
  const prompts = ({ suites }: EvidenceRun['record']) => suites.map((suite) => suite.prompts_sha256).join();
  return (
    a.model.total_parameters === b.model.total_parameters && a.model.type === b.model.type && prompts(a) === prompts(b)
  );
}

function modelOf({ record }: EvidenceRun): string {
  return `${record.model.name}, ${record.engine.dtype}`;
}

function needs(what: string): Finding {
  return { measured: '', verdict: 'not measured', remark: `needs ${what}` };
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
