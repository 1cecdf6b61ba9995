#!/usr/bin/env node
/** The `evalrun` command. */
import './lean-heap.js';
import { main } from './program.js';

// A closed pipe (`evalrun show ... | head`) is a reader that has seen enough, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
