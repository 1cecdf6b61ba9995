/** What one file per model family provides: config.json in, ArchSpec out. */
import type { ArchSpec } from '../arch-spec.js';

/** config.json as parsed: untrusted, unknown keys allowed. */
export type RawConfig = Readonly<Record<string, unknown>>;

export interface ModelFamily {
  /** The values of config.json's model_type that mean this family. */
  readonly modelTypes: readonly string[];
  /** @throws EvalrunError config/... naming the key that is missing, nonsensical or not supported */
  archSpec(config: RawConfig): ArchSpec;
}
