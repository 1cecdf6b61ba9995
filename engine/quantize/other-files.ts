/** Copies what a checkpoint folder holds besides its weights: tokenizer, templates, card, licence. */
import { constants, copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Weights in other files would be the old ones beside the new ones. */
const WEIGHTS = /\.(safetensors|safetensors\.index\.json|bin|bin\.index\.json|pth?|ckpt|gguf|onnx|npz|msgpack|h5)$/;

/**
 * Copies every file of `source` to `target`, subfolders included, except weights, the names in `written` and folders
 * whose names begin with a dot (.git, .cache).
 *
 * @returns what was left out, relative to `source`
 */
export function copyOtherFiles(source: string, target: string, written: ReadonlySet<string>): string[] {
  const leftOut: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(path.join(source, folder), { withFileTypes: true })) {
      const name = path.join(folder, entry.name);
      if (written.has(name)) continue;
      if (entry.isDirectory()) {
        if (entry.name.startsWith('.')) leftOut.push(name);
        else visit(name);
        continue;
      }
      // A link to a file (the hub's cache) becomes the file; a link to a folder could lead anywhere.
      const found = statSync(path.join(source, name), { throwIfNoEntry: false });
      if (!found?.isFile() || WEIGHTS.test(entry.name)) {
        leftOut.push(name);
        continue;
      }
      mkdirSync(path.join(target, folder), { recursive: true });
      copyFileSync(path.join(source, name), path.join(target, name), constants.COPYFILE_FICLONE);
    }
  };
  visit('');
  return leftOut;
}
