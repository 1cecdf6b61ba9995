/** What DeepSeek has published about DeepSeek-V3, as far as it can be checked. */
import type { Claim } from './claim.js';
import { costClaims } from './cost-claims.js';
import { scoreClaims } from './score-claims.js';
import { sizeClaims } from './size-claims.js';

export const deepseekV3Claims: readonly Claim[] = [...scoreClaims, ...sizeClaims, ...costClaims];
