/** The big parts that commands open, loaded when first needed; tests put their own in their place. */
import type { DType, Engine, OpeningEngine, Tokenizer } from '../engine/engine.js';
import type { EngineOptions } from '../engine/load-engine.js';
import type { RemoteEngineOptions } from '../engine/remote/open-remote-engine.js';

export interface CliParts {
  /** It may go on loading; see OpeningEngine. */
  openEngine(options: EngineOptions): Promise<Engine | OpeningEngine>;
  /** A server in its place. */
  openRemoteEngine(options: RemoteEngineOptions): Promise<Engine>;
  /** Tokenizer of a checkpoint folder, without its weights. */
  openTokenizer(folder: string): Promise<Tokenizer>;
  /** Folder of the model that is used when none is named, in a form for `dtype`. */
  defaultModel(options?: { readonly dtype?: DType }): Promise<string>;
}

export const shippedParts: CliParts = {
  openEngine: async (options) => (await import('../engine/load-engine.js')).openEngine(options),
  openRemoteEngine: async (options) =>
    (await import('../engine/remote/open-remote-engine.js')).openRemoteEngine(options),
  openTokenizer: async (folder) => (await import('../engine/tokenizer/load-tokenizer.js')).loadTokenizer(folder),
  defaultModel: async (options) => (await import('../models/default-model.js')).defaultModel(options),
};
