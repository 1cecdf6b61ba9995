/** `evalrun logits`: every logit of a token sequence, for checking the engine against any other. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { loadEngine } from '../engine/load-engine.js';
import { SafetensorsWriter, type TensorPlan } from '../engine/safetensors-writer.js';
import { EvalrunError } from '../errors.js';
import { addEngineFlags, type EngineFlags, engineOptions, positiveInteger, tokenIds } from './engine-options.js';
import { cachedModelFolder } from './model-folder.js';

interface LogitsFlags extends EngineFlags {
  readonly ids: number[];
  readonly out: string;
  readonly chunk?: number;
  readonly decode?: boolean;
  readonly referenceKernels?: boolean;
  readonly json?: boolean;
}

export function logitsCommand(): Command {
  const command = new Command('logits')
    .description('write the logits of a token sequence to a safetensors file')
    .argument('<model>', 'checkpoint folder, or org/name of a pulled model')
    .requiredOption('--ids <ids>', 'token ids, separated by commas', tokenIds)
    .requiredOption(
      '--out <file>',
      'safetensors file: logits f32 [T, V], and logits_mtp f32 [T-1, V] with an MTP module',
    )
    .option('--chunk <n>', 'compute the prompt this many tokens at a time through the cache', positiveInteger)
    .option('--decode', 'compute each token as a decoding step (MLA in its absorbed form)')
    .option('--reference-kernels', 'use the scalar reference kernels only')
    .option('--json', 'print one JSON object');
  return addEngineFlags(command, 'f32').action(runLogits);
}

async function runLogits(model: string, flags: LogitsFlags): Promise<void> {
  if (flags.ids.length === 0) {
    throw new EvalrunError('usage/ids', {
      what: '--ids is empty',
      expected: 'at least one token id, e.g. --ids 1,2,3',
    });
  }
  const engine = await loadEngine({
    ...engineOptions(await cachedModelFolder(model, 'weights'), flags),
    withoutTokenizer: true,
    referenceKernels: flags.referenceKernels ?? false,
    onNotice: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    const vocab = engine.arch.vocabSize;
    const tensors: TensorPlan[] = [{ name: 'logits', shape: [flags.ids.length, vocab] }];
    if (engine.arch.mtpLayers > 0) tensors.push({ name: 'logits_mtp', shape: [flags.ids.length - 1, vocab] });
    const existed = existsSync(flags.out);
    const writer = new SafetensorsWriter(flags.out, tensors);
    for await (const { logits, mtpLogits } of engine.logits(flags.ids, logitsOptions(flags))) {
      writer.append('logits', logits);
      if (mtpLogits.length > 0) writer.append('logits_mtp', mtpLogits);
    }
    writer.close();
    const summary = {
      out: flags.out,
      tensors,
      dtype: flags.dtype,
      device: engine.info.device,
      kernels: engine.info.kernels,
    };
    if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else {
      const shapes = tensors.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
      process.stdout.write(`${flags.out}: ${shapes}, f32${existed ? ' (replaced)' : ''}\n`);
    }
  } finally {
    await engine.close();
  }
}

function logitsOptions({ chunk, decode }: LogitsFlags): { chunk?: number; decode?: boolean } {
  return { ...(chunk === undefined ? (decode ? { chunk: 1 } : {}) : { chunk }), ...(decode ? { decode } : {}) };
}
