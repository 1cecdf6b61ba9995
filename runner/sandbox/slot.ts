/** A place for one task at a time: a user of its own and control groups of its own. */
import { EvalrunError } from '../../errors.js';
import { ControlGroup, groupName } from './control-group.js';
import type { SandboxLimits } from './limits.js';

export interface Slot {
  readonly index: number;
  /** Outside the sandbox its code belongs to this user; undefined when this process may not choose. */
  readonly uid: number | undefined;
  readonly groups: { readonly candidate: ControlGroup; readonly judge: ControlGroup };
}

/** Users that no distribution gives to anybody; one for each slot, so that tasks cannot signal or outnumber each other. */
const firstUid = 65_000;
const slotCount = 500;

const taken = new Set<number>();

/** The user of a slot; undefined when this process may not choose. */
export function unprivilegedUser(index = 0): number | undefined {
  return process.getuid?.() === 0 ? firstUid + index : undefined;
}

/** `overheadBytes`: memory that each process needs besides what the limits give to the program. */
export function takeSlot(limits: SandboxLimits, overheadBytes = 0): Slot {
  const index = Array.from({ length: slotCount }, (_, number) => number).find((number) => !taken.has(number));
  if (index === undefined) {
    throw new EvalrunError('run/sandbox-slots', {
      what: 'Too many sandboxes at once',
      expected: `at most ${slotCount}`,
      todo: 'use fewer workers',
    });
  }
  taken.add(index);
  // Files in /tmp are memory too; bubblewrap's own first process and the interpreter's threads are tasks.
  const bounds = { memoryBytes: limits.memoryBytes + limits.diskBytes + overheadBytes, tasks: limits.tasks };
  const group = (role: string) => new ControlGroup(groupName(index, role), bounds);
  return {
    index,
    uid: unprivilegedUser(index),
    groups: { candidate: group('candidate'), judge: group('judge') },
  };
}

/** Gives the slot back. The kernel may need a moment to let go of a group whose last process has just ended. */
export async function leaveSlot({ index, groups }: Slot): Promise<void> {
  for (const group of [groups.candidate, groups.judge]) {
    for (let attempt = 0; !group.remove(); attempt++) {
      if (attempt === 100) {
        throw new EvalrunError('internal/sandbox-group', {
          what: 'A control group of the sandbox cannot be removed',
          found: 'a process in it that does not end',
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  taken.delete(index);
}
