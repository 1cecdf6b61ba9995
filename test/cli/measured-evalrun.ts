/** The command line as a process that writes its peak memory, in KiB, to the file in PEAK_FILE. */
import { writeFileSync } from 'node:fs';
import { main } from '../../cli/program.js';

process.exitCode = await main(process.argv.slice(2));
writeFileSync(process.env.PEAK_FILE as string, String(process.resourceUsage().maxRSS));
