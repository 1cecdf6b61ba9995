/** Plans of the reference checkpoints: what another program computed for them is what the engine is held to. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../engine/checkpoint/checkpoint.js';
import { DTYPES } from '../../engine/numerics.js';
import { packageRoot } from '../../package-root.js';
import { type ExpectedKind, type PlanPrompt, planText } from './plan-text.js';

const GOLDEN = 'golden.safetensors';

/** The folder of reference checkpoints: the full set where it is, else the part of it that the repository holds. */
export function oracleFolder(): string {
  const shared = path.join(
    process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'),
    'oracle',
    'checkpoints',
  );
  return existsSync(shared) ? shared : path.join(packageRoot, 'test', 'fixtures', 'oracle');
}

/** Names of the checkpoints in `root` that have weights and reference values. */
export function oracleNames(root: string): string[] {
  return readdirSync(root)
    .filter((name) => existsSync(path.join(root, name, GOLDEN)))
    .sort();
}

/**
 * Writes `<out>/<name>.plan`, with the checkpoint's files copied to `<out>/<name>/`, so that the folder can be carried to another
 * machine. `maxTokens` leaves longer prompts out.
 *
 * @throws EvalrunError what openCheckpoint throws
 */
export function writeOraclePlan(
  root: string,
  name: string,
  out: string,
  { maxTokens = Number.POSITIVE_INFINITY } = {},
): void {
  const { arch, files, tensors } = openCheckpoint(path.join(root, name));
  mkdirSync(path.join(out, name), { recursive: true });
  const carried = [...files.map((file) => file.path), path.join(root, name, GOLDEN)].map((from) => {
    const relative = path.join(name, path.basename(from));
    copyFileSync(from, path.join(out, relative));
    return { path: relative, size: statSync(from).size };
  });
  const text = planText({
    name,
    arch,
    dtypes: DTYPES,
    files: carried,
    tensors,
    prompts: readPrompts(path.join(root, name, GOLDEN), files.length).filter(
      ({ tokens }) => tokens.length <= maxTokens,
    ),
  });
  writeFileSync(path.join(out, `${name}.plan`), text);
}

function readPrompts(golden: string, file: number): PlanPrompt[] {
  const bytes = readFileSync(golden);
  const dataStart = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, dataStart)) as Record<
    string,
    { data_offsets?: [number, number] }
  >;
  const place = (tensor: string) => header[tensor]?.data_offsets;
  return Object.keys(header)
    .filter((tensor) => tensor.startsWith('tokens.'))
    .map((tensor) => tensor.slice('tokens.'.length))
    .sort((a, b) => Number(a) - Number(b))
    .map((id) => {
      const [begin, end] = place(`tokens.${id}`) as [number, number];
      const tokens: number[] = [];
      for (let at = dataStart + begin; at < dataStart + end; at += 4) tokens.push(bytes.readInt32LE(at));
      const kinds: readonly ExpectedKind[] = ['logits', 'logits_mtp', 'logits_w8a8'];
      const expected = kinds.flatMap((kind) => {
        const found = place(`${kind}.${id}`);
        return found === undefined ? [] : [{ kind, file, offset: dataStart + found[0] }];
      });
      return { id, tokens, expected };
    });
}
