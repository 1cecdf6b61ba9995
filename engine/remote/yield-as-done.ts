/** Runs work under a limit and yields results in the order in which they come. */
import type { AdaptiveLimit } from './adaptive-limit.js';

/** The first thing thrown ends it; whoever stops early forgets what has not begun, and what has begun ends unheard. */
export async function* yieldAsDone<T, R>(
  items: readonly T[],
  limit: AdaptiveLimit,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const done: R[] = [];
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};
  const rest = items.values();
  let waiting = 0;
  let isOver = false;
  // As many wait for the limit as it may ever allow: all items of a run would be tens of thousands of promises.
  const fill = () => {
    while (waiting < limit.most && !isOver) {
      const { value: item, done: isLast } = rest.next();
      if (isLast) return;
      waiting += 1;
      limit
        .run(() => work(item))
        .then(
          (result) => done.push(result),
          (error: unknown) => {
            failure ??= { error };
          },
        )
        .then(() => {
          waiting -= 1;
          fill();
          wake();
        });
    }
  };
  fill();
  try {
    for (let left = items.length; left > 0; ) {
      const result = done.shift();
      if (result !== undefined) {
        left -= 1;
        yield result;
        continue;
      }
      if (failure !== undefined) throw failure.error;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    isOver = true;
    limit.clear();
  }
}
