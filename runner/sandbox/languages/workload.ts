/** What a process of another language is started with: mounts, environment, files, and one shell command around its script. */
import { resourceLimits, type SandboxLimits } from '../limits.js';
import { compileFailure, type Mount, type Script, type Toolchain } from './language.js';

export interface Workload {
  readonly mounts: readonly Mount[];
  readonly links: Readonly<Record<string, string>>;
  readonly needsProc: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Name in the process's folder -> text. */
  readonly files: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

/** The shell that every root has: it limits itself, announces the process, compiles, and becomes the program. */
export function workloadOf(script: Script, toolchain: Toolchain, limits: SandboxLimits): Workload {
  const { AS, CPU, NOFILE } = resourceLimits(limits);
  const seconds = (CPU ?? 0) + Math.ceil(toolchain.startMs / 1000);
  const lines = [
    // What bubblewrap alone uses.
    'exec 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-',
    `ulimit -t ${seconds}; ulimit -c 0; ulimit -n ${NOFILE}`,
    ...(toolchain.limitsAddressSpace && AS !== undefined ? [`ulimit -v ${Math.floor(AS / 1024)}`] : []),
    // A frame without payload of kind S: from here on whatever happens is the program's doing.
    "printf '\\000\\000\\000\\001S' >&3",
    ...(script.compile === undefined ? [] : [`{ ${script.compile}; } 3>&- </dev/null || exit ${compileFailure}`]),
    `exec ${script.run}`,
  ];
  return {
    mounts: toolchain.mounts,
    links: toolchain.links ?? {},
    needsProc: toolchain.needsProc ?? false,
    environment: {
      HOME: '/tmp',
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      PATH: '/usr/local/bin:/usr/bin:/bin',
      ...toolchain.environment,
    },
    files: script.files,
    command: ['/bin/sh', '-c', lines.join('\n')],
  };
}
