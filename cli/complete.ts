/** `evalrun complete`: a greedy continuation of token ids or of a text. */
import { Command } from 'commander';
import type { GenerateResult, SamplingOptions } from '../engine/engine.js';
import { loadEngine } from '../engine/load-engine.js';
import { EvalrunError } from '../errors.js';
import { type Drafting, DraftingMeter } from '../runner/drafting.js';
import { addEngineFlags, type EngineFlags, engineOptions, positiveInteger, tokenIds } from './engine-options.js';
import { cachedModelFolder } from './model-folder.js';
import { renderDrafting } from './run-report.js';

interface CompleteFlags extends EngineFlags {
  readonly ids?: number[];
  readonly prompt?: string;
  readonly maxTokens: number;
  readonly ignoreEos?: boolean;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly mtp?: boolean;
  readonly json?: boolean;
}

export function completeCommand(): Command {
  const command = new Command('complete')
    .description('continue token ids or a text, greedily unless --temperature says otherwise')
    .argument('<model>', 'checkpoint folder, or org/name of a pulled model')
    .option('--ids <ids>', 'token ids, separated by commas', tokenIds)
    .option('--prompt <text>', "text, encoded by the checkpoint's own rules")
    .option('--max-tokens <n>', 'most tokens to generate', positiveInteger, 64)
    .option('--ignore-eos', 'do not stop at the end of text')
    .option('--temperature <t>', 'sample instead of taking the best token', Number)
    .option('--top-p <p>', 'sample from the fewest tokens whose probabilities reach p', Number)
    .option('--top-k <k>', 'sample from the k most probable tokens', Number)
    .option('--min-p <p>', 'sample from tokens at least p times as probable as the best', Number)
    .option('--seed <s>', 'seed of the draws', Number)
    .option('--stop <text...>', 'end at any of these strings')
    .option('--mtp', "draft with the model's own MTP module; the continuation is the same")
    .option('--json', 'print one JSON object');
  return addEngineFlags(command).action(runComplete);
}

async function runComplete(model: string, flags: CompleteFlags): Promise<void> {
  if ((flags.ids === undefined) === (flags.prompt === undefined)) {
    throw new EvalrunError('usage/prompt', {
      what: 'complete needs a prompt',
      expected: 'either --ids 1,2,3 or --prompt TEXT',
    });
  }
  const engine = await loadEngine({
    ...engineOptions(await cachedModelFolder(model, 'weights'), flags),
    optionalTokenizer: flags.prompt === undefined,
    onNotice: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    const context = flags.ids ?? engine.tokenizer.encode(flags.prompt ?? '');
    const request = {
      id: 'the prompt',
      context,
      maxTokens: flags.maxTokens,
      ...(flags.ignoreEos ? { stopIds: [] } : {}),
      ...(flags.stop === undefined ? {} : { stop: flags.stop }),
      sampling: samplingOf(flags),
    };
    const meter = new DraftingMeter();
    engine.onStep = (stats) => meter.add(stats);
    for await (const result of engine.generate([request], { mtp: flags.mtp ?? false })) {
      if (flags.json) process.stdout.write(`${JSON.stringify(renderJson(context, result, meter.read()))}\n`);
      else printText(result, meter.read());
    }
  } finally {
    await engine.close();
  }
}

function renderJson(context: readonly number[], result: GenerateResult, drafting: Drafting | undefined): object {
  const { ids, thinking, text, end } = result;
  const { steps, taken, drafted, accepted, acceptance, tokensPerStep } = drafting ?? {};
  const mtp = drafting && { steps, taken, drafted, accepted, acceptance, tokens_per_step: tokensPerStep };
  return { prompt_ids: context, ids, ...(thinking !== undefined && { thinking }), text, end, ...(mtp && { mtp }) };
}

/** The answer alone goes to stdout; ids where there is no tokenizer to tell their text. */
function printText({ ids, thinking, text }: GenerateResult, drafting: Drafting | undefined): void {
  if (thinking !== undefined) process.stderr.write(`<think>${thinking}${text === '' ? '' : '</think>'}\n`);
  process.stdout.write(`${text === '' && thinking === undefined ? ids.join(',') : text}\n`);
  if (drafting !== undefined) process.stderr.write(`${renderDrafting(drafting)}\n`);
}

function samplingOf({ temperature, topP, topK, minP, seed }: CompleteFlags): SamplingOptions {
  const asked = Object.entries({ temperature, topP, topK, minP, seed }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(asked) as SamplingOptions;
}
