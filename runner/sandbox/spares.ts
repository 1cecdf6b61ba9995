/** Interpreters that are started while others run: Pyodide takes longer to start than most programs to end. */
import { type ConfinedPlace, ConfinedProcess, type ConfinedWork } from './confined-process.js';
import type { ControlGroup } from './control-group.js';

export class Spares {
  /** At most one for each place, which its control group identifies. */
  private readonly waiting = new Map<ControlGroup, ConfinedProcess>();
  /** Those that ended while they waited. */
  private readonly ending: Promise<void>[] = [];

  /** Starts the next process of this place, unless there is one already. */
  prepare({ sandbox, limits, uid, group }: ConfinedPlace): void {
    const isOfUse = sandbox.pyodide !== undefined && !this.waiting.has(group);
    if (isOfUse) this.waiting.set(group, new ConfinedProcess({ sandbox, limits, uid, group }));
  }

  /** A process that does this work: the one that waits for it, or a new one. */
  take(options: ConfinedPlace & ConfinedWork): ConfinedProcess {
    const spare = this.waiting.get(options.group);
    this.waiting.delete(options.group);
    if (spare !== undefined && !spare.isOver) {
      spare.begin(options);
      return spare;
    }
    if (spare !== undefined) this.ending.push(spare.kill());
    return new ConfinedProcess(options);
  }

  /** Ends those that nobody needed. */
  async close(): Promise<void> {
    const left = [...this.waiting.values()];
    this.waiting.clear();
    await Promise.all([...this.ending, ...left.map((spare) => spare.kill())]);
  }
}
