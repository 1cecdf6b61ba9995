/** The command line on the fake engine, as a process. */
import { main } from '../../cli/program.js';
import { fakeParts } from './fake-parts.js';

process.exitCode = await main(process.argv.slice(2), fakeParts);
