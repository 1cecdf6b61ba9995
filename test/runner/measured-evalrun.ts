/** The command line as it is installed, which writes the most memory that it ever had, in bytes, to the file in PEAK_FILE. */
import { readFileSync, writeFileSync } from 'node:fs';
import '../../cli/main.js';

writeFileSync(process.env.PEAK_FILE as string, String(peakBytes()));

/** Linux's own mark where there is one, because maxRSS begins with what the parent had there. */
function peakBytes(): number {
  const kibibytes =
    process.platform === 'linux'
      ? Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
      : process.resourceUsage().maxRSS;
  return kibibytes * 1024;
}
