/**
 * Random weights of a published shape as a checkpoint that stays, for all peers to load.
 *
 *     node dist/bench/peers/synthetic.js SHAPE FOLDER [LAYERS]
 */
import { mkdirSync } from 'node:fs';
import { syntheticShape } from '../../engine/benchmark/shapes.js';
import { writeSyntheticCheckpoint } from '../../engine/benchmark/synthetic-checkpoint.js';

const [shape, folder, layers] = process.argv.slice(2);
if (shape === undefined || folder === undefined) throw new Error('expected: SHAPE FOLDER [LAYERS]');
mkdirSync(folder, { recursive: true });
writeSyntheticCheckpoint(folder, syntheticShape(shape, layers === undefined ? undefined : Number(layers)).config);
