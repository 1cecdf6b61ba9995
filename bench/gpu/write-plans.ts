/** `npm run gpu:plans [FOLDER]`: writes the plans that native/check/gpu-check.sh needs, by default to native/build-plans. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../package-root.js';
import { oracleFolder, oracleNames, writeOraclePlan } from './oracle-plans.js';
import { SHAPE_PLANS, writeShapePlan } from './shape-plans.js';

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});
if (values.help) {
  console.log(
    'npm run gpu:plans [FOLDER]: writes what npm run gpu:check proves and measures, by default to native/build-plans.',
  );
  process.exit(0);
}
const out = positionals[0] ?? path.join(packageRoot, 'native', 'build-plans');
const oracles = path.join(out, 'oracles');
const shapes = path.join(out, 'shapes');
for (const folder of [oracles, shapes]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
const root = oracleFolder();
const names = oracleNames(root);
for (const name of names) writeOraclePlan(root, name, oracles);
for (const shape of SHAPE_PLANS) writeShapePlan(shape, shapes);
console.log(`${out}: ${names.length} reference checkpoints (${names.join(', ')}), ${SHAPE_PLANS.length} shapes`);
