/** Which files of a repository are a checkpoint for evalrun: its settings, its tokenizer and its safetensors, never code. */
import { EvalrunError } from '../../errors.js';
import type { RemoteFile } from './list-repository.js';

export const SINGLE_WEIGHTS = 'model.safetensors';
export const WEIGHTS_INDEX = 'model.safetensors.index.json';

const SETTINGS = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'tokenizer.model',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'chat_template.jinja',
  'chat_template.json',
];

/** tokenizer.json of large vocabularies has some 30 MB, the index of DeepSeek-V3 has 9 MB. */
const MOST_SETTINGS_BYTES = 256e6;

/** The index that says which shards are needed, where the weights are in shards. */
export function indexFile(files: readonly RemoteFile[]): RemoteFile | undefined {
  const single = files.some(({ name }) => name === SINGLE_WEIGHTS);
  return single ? undefined : files.find(({ name }) => name === WEIGHTS_INDEX);
}

/**
 * The files to fetch, settings first.
 *
 * @param shards the files that the index names, if there is one
 * @throws EvalrunError checkpoint/no-weights, checkpoint/not-found, network/listing
 */
export function chooseFiles(
  files: readonly RemoteFile[],
  { model, shards }: { readonly model: string; readonly shards: readonly string[] | undefined },
): RemoteFile[] {
  const settings = files.filter(({ name }) => SETTINGS.includes(name));
  const index = indexFile(files);
  checkSettings([...settings, ...(index ? [index] : [])], model);
  const weights = files.filter(({ name }) => name === SINGLE_WEIGHTS);
  if (weights.length > 0) return [...settings, ...weights];
  if (index === undefined || shards === undefined) throw noWeights(files, model);
  const byName = new Map(files.map((file) => [file.name, file]));
  const found = shards.map((name) => {
    const file = byName.get(name);
    if (file !== undefined) return file;
    throw new EvalrunError('checkpoint/not-found', {
      what: `${model} lacks ${name}, which its ${WEIGHTS_INDEX} names`,
      expected: `${shards.length} shards`,
    });
  });
  return [...settings, index, ...found];
}

/** The safetensors files of the top folder that evalrun would not read, such as the same weights in another layout. */
export function leftAside(files: readonly RemoteFile[], chosen: readonly RemoteFile[]): RemoteFile[] {
  return files.filter((file) => file.name.endsWith('.safetensors') && !chosen.includes(file));
}

export function checkSettings(settings: readonly RemoteFile[], model: string): void {
  const large = settings.find(({ bytes }) => bytes > MOST_SETTINGS_BYTES);
  if (large === undefined) return;
  throw new EvalrunError('network/listing', {
    what: `${large.name} of ${model} cannot be what its name says`,
    expected: `at most ${MOST_SETTINGS_BYTES} bytes`,
    found: String(large.bytes),
  });
}

function noWeights(files: readonly RemoteFile[], model: string): EvalrunError {
  const others = files.map(({ name }) => name).filter((name) => /\.(bin|gguf|pth?|safetensors|onnx|h5)$/.test(name));
  const shown = others.slice(0, 3).join(', ') + (others.length > 3 ? ` and ${others.length - 3} more` : '');
  return new EvalrunError('checkpoint/no-weights', {
    what: `${model} has no weights that evalrun reads`,
    expected: `${SINGLE_WEIGHTS}, or ${WEIGHTS_INDEX} with its shards`,
    found: others.length === 0 ? 'no weights in its top folder' : shown,
    todo: 'choose a repository or a revision with safetensors; nothing else is ever downloaded',
  });
}
