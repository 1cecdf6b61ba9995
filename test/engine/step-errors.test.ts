import { describe, expect, test } from '@jest/globals';
import { archSpecOf } from '../../engine/architectures/registry.js';
import { LocalEngine, type LocalEngineParts } from '../../engine/local-engine.js';
import { NO_TOKENIZER } from '../../engine/tokenizer/no-tokenizer.js';
import { EvalrunError } from '../../errors.js';
import { TINY_LLAMA } from './tiny-checkpoint.js';

/** An engine on a GPU whose every step fails with `message`. */
function failing(message: string): LocalEngine {
  const model = { forward: () => Promise.reject(new Error(message)) };
  return new LocalEngine({
    info: { device: 'cuda:0 NVIDIA H200' },
    tokenizer: NO_TOKENIZER,
    arch: archSpecOf(TINY_LLAMA),
    model,
    plan: { kvPages: 4, mappedBytes: 0 },
    batchTokens: 8,
  } as unknown as LocalEngineParts);
}

async function errorOf(message: string): Promise<unknown> {
  try {
    for await (const _ of failing(message).score([{ id: 'a', context: [1, 2], continuations: [[3]] }]));
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
}

describe('a step that fails', () => {
  test('for want of GPU memory says what needed it, and what to do', async () => {
    const error = await errorOf('GPU memory for logits: 512.0 MiB wanted, 10.0 MiB of 1024.0 MiB free');
    expect(error).toBeInstanceOf(EvalrunError);
    expect(error).toMatchObject({
      code: 'memory/gpu',
      exitCode: 3,
      message: expect.stringMatching(
        /^The memory of cuda:0 NVIDIA H200 ran out in a step of 2 tokens\. Found GPU memory for logits: 512\.0 MiB wanted, .+--batch-tokens/,
      ),
    });
  });

  test('for another reason is a defect, and keeps its own words', async () => {
    expect(await errorOf('matmul: an illegal memory access was encountered')).not.toBeInstanceOf(EvalrunError);
  });
});
