// Makes `npx evalrun` inside a checkout run this checkout: npx looks in node_modules/.bin, where npm links only dependencies.
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const target = path.join(root, 'dist', 'cli', 'main.js');
const binFolder = path.join(root, 'node_modules', '.bin');
const link = path.join(binFolder, 'evalrun');

if (existsSync(target)) {
  chmodSync(target, 0o755);
  if (process.platform !== 'win32' && existsSync(path.join(root, 'node_modules'))) {
    mkdirSync(binFolder, { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(path.relative(binFolder, target), link);
  }
}
