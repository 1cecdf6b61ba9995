/** `evalrun gate RUN --baseline RUN`: 0 pass, 1 regression, 2 cannot tell, for a CI job. */
import { appendFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { renderJunit } from '../reports/gate-junit.js';
import { renderGateMarkdown } from '../reports/gate-markdown.js';
import { renderAnnotations } from '../reports/github-annotations.js';
import { type Allowance, allowances } from '../runner/compare/comparable.js';
import { writeAtomically, writeError } from '../runner/disk.js';
import type { GateResult } from '../runner/gate/gate-result.js';
import { gateRun } from '../runner/gate/gate-run.js';
import { loadPolicy } from '../runner/gate/policy.js';
import { collectAllowances, ratio } from './compare.js';
import { renderGateText } from './gate-report.js';

interface GateFlags {
  readonly baseline: string;
  readonly maxDrop?: number;
  readonly policy?: string;
  readonly allow?: Allowance[];
  readonly aa?: string;
  readonly junit?: string;
  readonly md?: string;
  readonly json?: boolean;
}

export function gateCommand(): Command {
  return new Command('gate')
    .description(
      'Decides whether a run may replace a baseline. Exits with 0 pass, 1 regression, 2 cannot tell, 3 bad usage.',
    )
    .argument('<run>', 'folder of the run in question')
    .requiredOption('--baseline <run>', 'folder of the run to compare with')
    .option('--max-drop <m>', 'drop that is tolerated, a ratio (default: 0.01, one point)', ratio)
    .option('--policy <file>', 'YAML: tiers, tolerated drops and least scores by suite; see docs/gate.md')
    .addOption(
      new Option('--allow <what>', `a difference that is the point: ${allowances.join(', ')}`).argParser(
        collectAllowances,
      ),
    )
    .option('--aa <run>', 'a second run of the baseline, which must not differ')
    .option('--junit <file>', 'write JUnit XML')
    .option('--md <file>', 'write Markdown')
    .option('--json', 'one JSON object on stdout')
    .action(async (run: string, flags: GateFlags) => {
      const stored = flags.policy === undefined ? {} : await loadPolicy(flags.policy);
      const policy = flags.maxDrop === undefined ? stored : { ...stored, max_drop: flags.maxDrop };
      const { allow = [], aa } = flags;
      const result = await gateRun(run, flags.baseline, { policy, allow, ...(aa !== undefined && { aa }) });
      await writeFiles(result, flags);
      print(result, flags.json === true);
      process.exitCode = result.exit_code;
    });
}

async function writeFiles(result: GateResult, { junit, md }: GateFlags): Promise<void> {
  if (junit !== undefined) await writeAtomically(junit, renderJunit(result));
  if (md !== undefined) await writeAtomically(md, renderGateMarkdown(result));
  const { GITHUB_ACTIONS: isGitHub, GITHUB_STEP_SUMMARY: summary } = process.env;
  if (isGitHub !== 'true' || !summary) return;
  // Other steps of the job write there too.
  await appendFile(summary, renderGateMarkdown(result)).catch((cause: unknown) => {
    throw writeError(summary, cause);
  });
}

/** The decision is the last line; GitHub reads annotations from either stream. */
function print(result: GateResult, json: boolean): void {
  const annotations = process.env.GITHUB_ACTIONS === 'true' ? renderAnnotations(result) : [];
  if (json) {
    for (const line of [...annotations, result.summary]) process.stderr.write(`${line}\n`);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } else process.stdout.write(`${[...annotations, renderGateText(result)].join('\n')}\n`);
}
