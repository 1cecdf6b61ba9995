/** Claims about sizes: parameters and KV cache, computed from a model's shape. */
import { deepseekV2KvClaim, kvCacheCosts } from '../../engine/accounting/kv-cache.js';
import { countParameters } from '../../engine/accounting/parameters.js';
import type { Claim, Finding } from './claim.js';
import type { Evidence } from './evidence.js';

const REPORT = 'DeepSeek-V3 report, abstract';

export const sizeClaims: readonly Claim[] = [
  {
    id: 'size/total',
    topic: 'size',
    statement: '671B total parameters',
    definition: 'the main model; the multi-token-prediction module comes on top',
    source: REPORT,
    claimed: '671 B',
    check: ({ shape }) => {
      const { total, mtp } = countParameters(shape.arch);
      return about(shape.name, `${billions(total)}, and ${billions(mtp)} of MTP`, Math.round(total / 1e9) === 671);
    },
  },
  {
    id: 'size/active',
    topic: 'size',
    statement: '37B activated for each token',
    definition:
      'what one token is multiplied with: attention, its 8 of 256 experts, the shared one, the head; not the embedding',
    source: REPORT,
    claimed: '37 B',
    check: ({ shape }) => {
      const { active } = countParameters(shape.arch);
      return about(shape.name, billions(active), Math.round(active / 1e9) === 37);
    },
  },
  {
    id: 'kv/v2-93',
    topic: 'KV cache',
    statement: 'KV cache reduced by 93.3 % (DeepSeek-V2)',
    definition: 'DeepSeek-V2 at about 6 bits per number against DeepSeek-67B, with grouped-query attention, at 16 bits',
    source: 'DeepSeek-V2 report, abstract',
    claimed: '93.3 %',
    check: () => {
      const { claimed, equalPrecision } = deepseekV2KvClaim();
      return {
        measured: `${percent(claimed)}; ${percent(equalPrecision)} at equal precision`,
        verdict: Math.abs(claimed - 0.933) < 0.0005 ? 'holds' : 'differs',
        remark: 'it holds for that pair and those bits, not for V3 against its own heads',
      };
    },
  },
  kvClaim('its own multi-head attention', 'kv/own-mha'),
  kvClaim('DeepSeek-67B', 'kv/deepseek-67b'),
  kvClaim('Qwen2.5-72B', 'kv/qwen2.5-72b'),
  kvClaim('Llama-3.1-405B', 'kv/llama-3.1-405b'),
];

/** V3's report claims "efficient inference" without a number: what it is against a named other. */
function kvClaim(other: string, id: string): Claim {
  return {
    id,
    topic: 'KV cache',
    statement: `a smaller KV cache than ${other}`,
    definition: 'bytes per token over all layers, both in BF16',
    source: 'DeepSeek-V3 report, section 2.1.1, without a number',
    claimed: 'smaller',
    check: ({ shape }: Evidence): Finding => {
      const costs = kvCacheCosts(shape.arch);
      const found = [costs.ownMha, ...costs.others].find(({ name }) => name === other);
      if (found === undefined) return { measured: '', verdict: 'not measured', remark: 'not among the named models' };
      const bytes = `${costs.bytesPerToken.toLocaleString('en-US')} against ${found.bytesPerToken.toLocaleString('en-US')} bytes`;
      return about(shape.name, `${percent(found.saving)} smaller: ${bytes}`, found.saving > 0);
    },
  };
}

function about(name: string, measured: string, holds: boolean): Finding {
  return { measured, verdict: holds ? 'holds' : 'differs', remark: `computed for ${name}` };
}

function billions(count: number): string {
  return `${(count / 1e9).toFixed(2)} B`;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
