/** `evalrun claims [RUN...]`: DeepSeek-V3's published statements beside what was measured here. */
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { archSpecOf } from '../engine/architectures/registry.js';
import { checkpointName } from '../engine/checkpoint/checkpoint-name.js';
import { readJsonObject } from '../engine/checkpoint/json-file.js';
import { type CheckedClaim, checkClaims } from '../runner/claims/claim.js';
import { deepseekV3Claims } from '../runner/claims/deepseek-v3-claims.js';
import { deepseekV3Shape } from '../runner/claims/deepseek-v3-shape.js';
import { type Evidence, loadEvidence } from '../runner/claims/evidence.js';
import { cachedModelFolder } from './model-folder.js';
import { wrapText } from './wrap-text.js';

interface ClaimsFlags {
  readonly model?: string;
  readonly gpuPrice: number;
  readonly gpus: number;
  readonly json?: boolean;
}

export function claimsCommand(): Command {
  return new Command('claims')
    .description(
      "DeepSeek-V3's published statements as checks: what was claimed, under which definition, and what was measured here. What has not been measured says so.",
    )
    .argument('[runs...]', 'folders of runs that count as measurements')
    .option('-m, --model <model>', "whose sizes are computed: a folder with config.json; default DeepSeek-V3's own")
    .option('--gpu-price <dollars>', 'of one GPU hour', positive, 2)
    .option('--gpus <n>', 'that the runs had', positive, 1)
    .option('--json', 'one JSON object on stdout')
    .action(async (folders: string[], flags: ClaimsFlags) => {
      const evidence: Evidence = {
        runs: await Promise.all(folders.map(loadEvidence)),
        shape: await shapeOf(flags.model),
        gpuHourPrice: flags.gpuPrice,
        gpus: flags.gpus,
      };
      const claims = checkClaims(deepseekV3Claims, evidence);
      process.stdout.write(
        flags.json ? `${JSON.stringify({ claims })}\n` : renderClaims(claims, process.stdout.columns),
      );
    });
}

async function shapeOf(model: string | undefined): Promise<Evidence['shape']> {
  if (model === undefined) return { name: 'DeepSeek-V3', arch: deepseekV3Shape() };
  const folder = await cachedModelFolder(model, 'config');
  const arch = archSpecOf(readJsonObject(path.join(folder, 'config.json'), 'config/file'));
  return { name: checkpointName(folder), arch };
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Expected a positive number.');
  return value;
}

const marks = {
  holds: 'holds',
  differs: 'DIFFERS',
  undecided: 'undecided',
  'not comparable': '~',
  'not measured': '-',
};

/** A paragraph for each claim: definitions do not fit into columns. */
export function renderClaims(claims: readonly CheckedClaim[], columns = 80): string {
  const width = Math.max(60, Math.min(100, columns));
  const lines: string[] = [];
  let topic = '';
  for (const claim of claims) {
    if (claim.topic !== topic) {
      topic = claim.topic;
      lines.push('', topic.toUpperCase());
    }
    const { measured, verdict, remark } = claim.finding;
    const found = measured === '' ? 'not measured' : measured;
    lines.push(
      ...wrapText(`${marks[verdict].padEnd(10)}${claim.statement}`, width, 10),
      ...wrapText(`          claimed ${claim.claimed}; here ${found} (${remark})`, width, 10),
      ...wrapText(`          ${claim.definition}. ${claim.source}.`, width, 10),
    );
  }
  const count = (verdict: CheckedClaim['finding']['verdict']) =>
    claims.filter(({ finding }) => finding.verdict === verdict).length;
  lines.push(
    '',
    `${claims.length} claims: ${count('holds')} hold, ${count('differs')} differ, ${count('undecided')} undecided, ` +
      `${count('not comparable')} measured on something else (~), ${count('not measured')} not measured (-).`,
    '',
  );
  return lines.slice(1).join('\n');
}
