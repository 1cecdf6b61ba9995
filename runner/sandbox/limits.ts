/** What one task may use, unless the caller says otherwise. */

const mib = 1024 ** 2;

export interface SandboxLimits {
  /** One deadline for the whole task, counted from the start of its first process. */
  readonly timeoutMs: number;
  /** Address space of each process, and memory of the whole task where control groups are available. */
  readonly memoryBytes: number;
  /** The only place that can be written: a folder in memory. */
  readonly diskBytes: number;
  readonly outputBytes: number;
  readonly sourceBytes: number;
  /** One answer of the candidate, as bytes on the channel. */
  readonly replyBytes: number;
  readonly replyNodes: number;
  readonly replyDepth: number;
  /** Processes and threads together. */
  readonly tasks: number;
}

export const defaultLimits: SandboxLimits = {
  timeoutMs: 10_000,
  memoryBytes: 1024 * mib,
  diskBytes: 64 * mib,
  outputBytes: mib,
  sourceBytes: mib,
  replyBytes: 16 * mib,
  replyNodes: 1_000_000,
  replyDepth: 100,
  tasks: 64,
};

/** Resource limits by their names in Python's `resource`; hard limits, so that nothing inside can raise them. */
export function resourceLimits(limits: SandboxLimits): Record<string, number> {
  return {
    AS: limits.memoryBytes,
    CORE: 0,
    CPU: Math.ceil(limits.timeoutMs / 1000) + 1,
    FSIZE: limits.diskBytes,
    MEMLOCK: 0,
    MSGQUEUE: 0,
    NOFILE: 64,
    NPROC: limits.tasks,
  };
}
