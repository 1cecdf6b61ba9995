/** metrics.json as it is read back: only what lists and trends of runs need, so that newer files can be read too. */
import { z } from 'zod';
import { sampleStatuses } from './run-summary.js';

const ratio = z.number().min(0).max(1);
const estimate = { accuracy: ratio, low: ratio, high: ratio, n: z.int().nonnegative() };

const storedSuite = z.object({
  ...estimate,
  protocol: z.string(),
  average: z.enum(['micro', 'macro']),
  interval: z.string(),
  micro: z.object(estimate),
  macro: z.object(estimate),
  statuses: z.partialRecord(z.enum(sampleStatuses), z.int().nonnegative()),
  missing: z.int(),
  invalid: z.string().optional(),
});

const storedMetrics = z.object({ schema: z.literal(1), run: z.string(), suites: z.record(z.string(), storedSuite) });

export type StoredSuite = z.infer<typeof storedSuite>;
export type StoredMetrics = z.infer<typeof storedMetrics>;

/** Text of metrics.json, or undefined when it is not what evalrun writes. */
export function parseMetrics(text: string): StoredMetrics | undefined {
  try {
    return storedMetrics.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
