/** `evalrun compare --dtypes A,B`: runs both arms one after the other, so that they can be compared. */
import { InvalidArgumentError } from 'commander';
import type { DType } from '../engine/engine.js';
import { DTYPES } from '../engine/numerics.js';
import { shuffledEngine, shuffledOpening } from '../runner/compare/shuffled-engine.js';
import { addHint } from './failure.js';
import { listenForInterrupt } from './interrupt.js';
import type { CliParts } from './parts.js';
import { ProgressLine } from './progress-line.js';
import { runWith } from './run.js';
import { renderStart } from './run-banner.js';
import type { RunFlags } from './run-options.js';

export interface Arms {
  readonly baseline: string;
  readonly candidate: string;
  /** Where the baseline was run twice. */
  readonly repeat?: string;
}

/** `bf16,fp8`: the baseline's, then the candidate's. */
export function twoDTypes(list: string): [DType, DType] {
  const found = list.split(',').map((name) => DTYPES.find((dtype) => dtype === name.trim()));
  const [baseline, candidate] = found;
  if (baseline === undefined || candidate === undefined || found.length !== 2) {
    throw new InvalidArgumentError(`Expected two of ${DTYPES.join(', ')}, the baseline's first, e.g. bf16,fp8.`);
  }
  return [baseline, candidate];
}

/**
 * Runs the arms in one process, each with an engine of its own that is closed before the next one opens, and returns their folders. With
 * `twice` the baseline runs again in between, its samples in another order and its steps of another size. Throws what a run throws.
 */
export async function runArms(
  flags: RunFlags,
  [first, second]: readonly [DType, DType],
  { parts, twice }: { readonly parts: CliParts; readonly twice: boolean },
): Promise<Arms> {
  const progress = new ProgressLine(process.stderr, { quiet: flags.quiet === true, term: process.env.TERM });
  const interrupt = listenForInterrupt(() => progress.print('Stopping; once more to stop at once.'));
  let running: string | undefined;
  const run = async (name: string, armFlags: RunFlags, armParts: CliParts) => {
    progress.print(`${name}: ${armFlags.dtype}`);
    const { folder } = await runWith(armFlags, armParts, {
      signal: interrupt.signal,
      progress,
      onStart: (start) => {
        running = start.folder;
        for (const line of renderStart(start, process.stderr.columns)) progress.print(line);
      },
    });
    progress.clear();
    running = undefined;
    return folder;
  };
  try {
    const baseline = await run('baseline', { ...flags, dtype: first }, parts);
    const repeat = twice
      ? await run('baseline again, for the A/A control', repeatFlags({ ...flags, dtype: first }), shuffled(parts))
      : undefined;
    const candidate = await run('candidate', { ...flags, dtype: second }, parts);
    return { baseline, candidate, ...(repeat !== undefined && { repeat }) };
  } catch (error) {
    progress.clear();
    if (running === undefined) throw error;
    throw addHint(error, `What is finished is kept: "evalrun --resume ${running}", then "evalrun compare A B".`);
  } finally {
    interrupt.release();
  }
}

/** No size that anybody chooses, so that prompts are cut into steps elsewhere. */
const repeatBatchTokens = 331;

function repeatFlags(flags: RunFlags): RunFlags {
  return { ...flags, batchTokens: flags.batchTokens === repeatBatchTokens ? repeatBatchTokens + 2 : repeatBatchTokens };
}

function shuffled(parts: CliParts): CliParts {
  const openEngine: CliParts['openEngine'] = async (options) => {
    const opened = await parts.openEngine(options);
    return 'loaded' in opened ? shuffledOpening(opened, 1) : shuffledEngine(opened, 1);
  };
  return { ...parts, openEngine };
}
