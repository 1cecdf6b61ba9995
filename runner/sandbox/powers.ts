/** What a process around Pyodide reports of itself before it runs anything. */
import { z } from 'zod';
import type { PowerCheck } from './pyodide/check-powers.js';

const powersSchema = z.record(z.string(), z.string()).refine((powers) => Object.keys(powers).length > 0);

/** Undefined for what is no report. */
export function parsePowers(payload: Buffer): PowerCheck | undefined {
  try {
    return powersSchema.parse(JSON.parse(payload.toString('utf8')));
  } catch {
    return undefined;
  }
}

export function isRefused(outcome: string | undefined): boolean {
  return outcome?.startsWith('refused') ?? false;
}
