/** Turns scoring requests into rows of the prefix tree, and answered rows back into results. */
import { EvalrunError } from '../errors.js';
import type { ScoreRequest, ScoreResult } from './engine.js';
import type { PrefixTree, TreeQuery } from './prefix-tree.js';

export class ScoreCollector {
  private completed: ScoreResult[] = [];
  /** Most requests of a run ask for the same continuations, and then for the same list of ids. */
  private firstIds: readonly number[] = [];
  private firstIdsOf: ScoreRequest['continuations'] | undefined;

  /** Adds the request's context, and the beginnings of its longer continuations, to the tree. */
  add(tree: PrefixTree, { id, context, continuations, group }: ScoreRequest): void {
    if (continuations.length === 0 || continuations.some((continuation) => continuation.length === 0)) {
      throw new EvalrunError('engine/continuation', {
        what: `${id} asks for no or an empty continuation`,
        expected: 'at least one continuation of at least one token',
      });
    }
    if (this.firstIdsOf !== continuations) {
      this.firstIds = continuations.map((continuation) => continuation[0] as number);
      this.firstIdsOf = continuations;
    }
    const waiting = new WaitingScore(this, { id, ids: this.firstIds, promptTokens: context.length });
    waiting.sharedTokens = tree.insert(context, [waiting], group);
    continuations.forEach((continuation, at) => {
      if (continuation.length === 1) return;
      const later = continuation
        .slice(1)
        .map((token, k) => waiting.ask(context.length + k, { token, continuation: at }));
      tree.insert([...context, ...continuation.slice(0, -1)], later, group);
    });
  }

  complete(result: ScoreResult): void {
    this.completed.push(result);
  }

  /** Results whose rows have all been answered since the last call. */
  takeCompleted(): ScoreResult[] {
    const taken = this.completed;
    this.completed = [];
    return taken;
  }
}

/** A request that is not answered. It is itself the query of the context's last row: there is one of it for each question of a run. */
class WaitingScore implements TreeQuery {
  sharedTokens = 0;
  readonly ids: readonly number[];
  /** The request's id. */
  readonly probe: string;
  private readonly collector: ScoreCollector;
  private readonly promptTokens: number;
  /** Of each continuation, as far as it is known. */
  private sums: number[] | undefined;
  /** Rows without an answer. */
  private open = 1;

  constructor(
    collector: ScoreCollector,
    { id, ids, promptTokens }: { readonly id: string; readonly ids: readonly number[]; readonly promptTokens: number },
  ) {
    this.collector = collector;
    this.probe = id;
    this.ids = ids;
    this.promptTokens = promptTokens;
  }

  get position(): number {
    return this.promptTokens - 1;
  }

  resolve(logProbs: readonly number[]): void {
    for (const [continuation, value] of logProbs.entries()) this.addTo(continuation, value);
    this.close();
  }

  /** The query of a later token of a continuation. */
  ask(position: number, { token, continuation }: { readonly token: number; readonly continuation: number }): TreeQuery {
    this.open += 1;
    return {
      position,
      ids: [token],
      resolve: ([value]) => {
        this.addTo(continuation, value as number);
        this.close();
      },
    };
  }

  private addTo(continuation: number, value: number): void {
    this.sums ??= this.ids.map(() => 0);
    this.sums[continuation] = (this.sums[continuation] as number) + value;
  }

  private close(): void {
    if (--this.open > 0) return;
    const { probe: id, sums = [], promptTokens, sharedTokens } = this;
    this.collector.complete({ id, logProbs: sums, promptTokens, sharedTokens });
  }
}
