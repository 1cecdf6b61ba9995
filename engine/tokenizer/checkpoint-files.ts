/** Reads the text files of a checkpoint folder that say how its tokenizer behaves. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../../errors.js';

export const fileNames = {
  tokenizerConfig: 'tokenizer_config.json',
  generationConfig: 'generation_config.json',
  config: 'config.json',
  chatTemplate: 'chat_template.jinja',
} as const;

export interface CheckpointFiles {
  readonly tokenizer: string;
  readonly tokenizerConfig: string | undefined;
  readonly generationConfig: string | undefined;
  readonly config: string | undefined;
  readonly chatTemplate: string | undefined;
  /** SHA-256 of tokenizer.json's bytes followed by tokenizer_config.json's, hex. */
  readonly sha256: string;
}

/** @throws EvalrunError `tokenizer/missing` without a tokenizer.json, `tokenizer/unreadable` for files that cannot be read. */
export async function readCheckpointFiles(folder: string): Promise<CheckpointFiles> {
  const [tokenizer, tokenizerConfig, generationConfig, config, chatTemplate] = await Promise.all([
    readOptional(path.join(folder, 'tokenizer.json')),
    readOptional(path.join(folder, fileNames.tokenizerConfig)),
    readOptional(path.join(folder, fileNames.generationConfig)),
    readOptional(path.join(folder, fileNames.config)),
    readOptional(path.join(folder, fileNames.chatTemplate)),
  ]);
  if (tokenizer === undefined) {
    throw new EvalrunError('tokenizer/missing', {
      what: `there is no tokenizer.json in ${folder}`,
      expected: 'a checkpoint folder with the tokenizer in the format of the tokenizers library',
      todo: 'download the file from the same repository as the weights, or convert tokenizer.model with transformers',
    });
  }
  const sha256 = createHash('sha256')
    .update(tokenizer)
    .update(tokenizerConfig ?? '')
    .digest('hex');
  const text = (bytes: Buffer | undefined) => bytes?.toString('utf8');
  return {
    tokenizer: tokenizer.toString('utf8'),
    tokenizerConfig: text(tokenizerConfig),
    generationConfig: text(generationConfig),
    config: text(config),
    chatTemplate: text(chatTemplate),
    sha256,
  };
}

async function readOptional(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new EvalrunError('tokenizer/unreadable', {
      what: `${file} cannot be read: ${message}`,
      todo: 'check the path and its permissions',
      cause,
    });
  }
}
