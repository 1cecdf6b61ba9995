/** The limit takes the same samples everywhere, spread over the subjects. */
import { describe, expect, test } from '@jest/globals';
import { takeLimit } from '../../suites/limit.js';

const ids = Array.from({ length: 10 }, (_, subject) =>
  Array.from({ length: 100 }, (_, row) => `mmlu/s${subject}/${row}`),
).flat();
const take = (limit: number | undefined, seed = 0) => takeLimit(ids, { limit, seed, idOf: (id) => id });

describe('takeLimit', () => {
  test('takes the same samples for the same seed on every machine', () => {
    // Written down once: the order of SHA-256(seed, newline, id).
    expect(take(5, 0)).toEqual(['mmlu/s1/68', 'mmlu/s7/53', 'mmlu/s7/98', 'mmlu/s9/28', 'mmlu/s9/46']);
    expect(take(5, 1)).toEqual(['mmlu/s0/20', 'mmlu/s2/62', 'mmlu/s3/36', 'mmlu/s3/83', 'mmlu/s6/40']);
  });

  test('keeps the order of the plan', () => {
    const taken = take(200);
    expect(taken).toEqual(ids.filter((id) => taken.includes(id)));
  });

  test('takes with a larger limit all that a smaller one takes', () => {
    const larger = take(200);
    expect(take(50).every((id) => larger.includes(id))).toBe(true);
  });

  test('does not depend on the order or the presence of other samples', () => {
    const reversed = takeLimit([...ids].reverse(), { limit: 50, seed: 3, idOf: (id) => id });
    expect([...reversed].reverse()).toEqual(take(50, 3));
  });

  test('spreads over the subjects in proportion', () => {
    const perSubject = Array.from(
      { length: 10 },
      (_, subject) => take(200).filter((id) => id.startsWith(`mmlu/s${subject}/`)).length,
    );
    for (const count of perSubject) {
      expect(count).toBeGreaterThan(8);
      expect(count).toBeLessThan(34);
    }
  });

  test('takes all when the limit is absent or not below the number of samples', () => {
    expect(take(undefined)).toEqual(ids);
    expect(take(1000)).toEqual(ids);
    expect(take(5000)).toEqual(ids);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %p', (limit) => {
    expect(() => take(limit)).toThrow(expect.objectContaining({ code: 'usage/limit' }));
  });
});
