/** Turns scoring requests into rows of the prefix tree, and answered rows back into results. */
import { EvalrunError } from '../errors.js';
import type { ScoreRequest, ScoreResult } from './engine.js';
import type { PrefixTree } from './prefix-tree.js';

export class ScoreCollector {
  private completed: ScoreResult[] = [];

  /** Adds the request's context, and the beginnings of its longer continuations, to the tree. */
  add(tree: PrefixTree, request: ScoreRequest): void {
    const { id, context, continuations, group } = request;
    if (continuations.length === 0 || continuations.some((continuation) => continuation.length === 0)) {
      throw new EvalrunError('engine/continuation', {
        what: `${id} asks for no or an empty continuation`,
        expected: 'at least one continuation of at least one token',
      });
    }
    const sums = continuations.map(() => 0);
    let open = 1;
    const close = () => {
      if (--open > 0) return;
      this.completed.push({ id, logProbs: sums, promptTokens: context.length, sharedTokens });
    };
    const add = (which: readonly number[], values: readonly number[]) => {
      which.forEach((continuation, i) => {
        sums[continuation] = (sums[continuation] as number) + (values[i] as number);
      });
      close();
    };
    const all = continuations.map((_, i) => i);
    const firstIds = continuations.map((continuation) => continuation[0] as number);
    const sharedTokens = tree.insert(
      context,
      [{ position: context.length - 1, ids: firstIds, resolve: (values) => add(all, values), probe: id }],
      group,
    );
    continuations.forEach((continuation, i) => {
      if (continuation.length === 1) return;
      const later = continuation.slice(1).map((token, k) => {
        open += 1;
        return { position: context.length + k, ids: [token], resolve: (values: readonly number[]) => add([i], values) };
      });
      tree.insert([...context, ...continuation.slice(0, -1)], later, group);
    });
  }

  /** Results whose rows have all been answered since the last call. */
  takeCompleted(): ScoreResult[] {
    const taken = this.completed;
    this.completed = [];
    return taken;
  }
}
