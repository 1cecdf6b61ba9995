/** `evalrun complete`: a greedy continuation of token ids or of a text. */
import { Command } from 'commander';
import { loadEngine } from '../engine/load-engine.js';
import { EvalrunError } from '../errors.js';
import { addEngineFlags, type EngineFlags, engineOptions, positiveInteger, tokenIds } from './engine-options.js';

interface CompleteFlags extends EngineFlags {
  readonly ids?: number[];
  readonly prompt?: string;
  readonly maxTokens: number;
  readonly ignoreEos?: boolean;
  readonly json?: boolean;
}

export function completeCommand(): Command {
  const command = new Command('complete')
    .description('continue token ids or a text, greedily')
    .argument('<model>', 'checkpoint folder')
    .option('--ids <ids>', 'token ids, separated by commas', tokenIds)
    .option('--prompt <text>', "text, encoded by the checkpoint's own rules")
    .option('--max-tokens <n>', 'most tokens to generate', positiveInteger, 64)
    .option('--ignore-eos', 'do not stop at the end of text')
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
    ...engineOptions(model, flags),
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
    };
    for await (const { ids, text, end } of engine.generate([request])) {
      if (flags.json) process.stdout.write(`${JSON.stringify({ prompt_ids: context, ids, text, end })}\n`);
      else process.stdout.write(`${text === '' ? ids.join(',') : text}\n`);
    }
  } finally {
    await engine.close();
  }
}
