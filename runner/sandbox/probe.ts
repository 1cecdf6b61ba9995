/** Starts one process in the sandbox and looks, from inside and from outside, at which defences hold. */

import { packagePath } from './bubblewrap.js';
import { ConfinedProcess } from './confined-process.js';
import { bubblewrapDefences, pyodideDefences } from './defences.js';
import { defaultLimits, resourceLimits } from './limits.js';
import { decodeWords, encodePlain } from './plain-data.js';
import type { PowerCheck } from './pyodide/check-powers.js';
import { hostBytes } from './pyodide.js';
import { programOf } from './python-source.js';
import type { Sandbox } from './sandbox.js';
import { leaveSlot, takeSlot } from './slot.js';

export interface Defence {
  readonly name: string;
  readonly live: boolean;
  /** Without it the rung is not used at all. */
  readonly essential: boolean;
  /** What was seen. */
  readonly found: string;
}

/** What is known of a process in the sandbox. */
export interface Observation {
  /** Answers of probe.py by name. */
  readonly inside: ReadonlyMap<string, string>;
  /** Pyodide's process of itself. */
  readonly powers: PowerCheck | undefined;
  /** Of the interpreter, as seen from outside; undefined where the kernel does not say. */
  readonly pid: number | undefined;
  readonly group: { readonly memory: boolean; readonly pids: boolean };
}

const limits = defaultLimits;

/** The defences, or one sentence that says why nothing can be started in the sandbox. */
export async function probeDefences(sandbox: Sandbox): Promise<readonly Defence[] | string> {
  const slot = takeSlot(limits, sandbox.pyodide === undefined ? 0 : hostBytes);
  const group = slot.groups.candidate;
  let confined: ConfinedProcess | undefined;
  try {
    const inside = await new Promise<Map<string, string> | string>((resolve) => {
      const timer = setTimeout(() => resolve('its first process did not answer in 10 s'), 10_000);
      const done = (value: Map<string, string> | string) => {
        clearTimeout(timer);
        resolve(value);
      };
      confined = new ConfinedProcess({
        ...{ sandbox, limits, group, uid: slot.uid, program: programOf(sandbox, 'probe.py') },
        onFrame: ({ kind, payload }) => kind === 'R' && done(pairUp(decodeWords(payload) ?? [])),
        onEnd: ({ code, message }) => done(message.trim().split('\n').at(-1) || `its first process ended with ${code}`),
      });
      const settings = { rlimits: resourceLimits(limits), nice: 10, path: packagePath(sandbox.interpreter) };
      confined.send('P', encodePlain(settings));
    });
    if (typeof inside === 'string') return inside;
    const seen = { inside, powers: confined?.powers, pid: confined?.interpreterPid, group: group.limited };
    return sandbox.pyodide === undefined ? bubblewrapDefences(seen) : pyodideDefences(seen);
  } finally {
    await confined?.kill();
    await leaveSlot(slot);
  }
}

function pairUp(words: readonly (string | number)[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) pairs.set(String(words[at]), String(words[at + 1]));
  return pairs;
}
