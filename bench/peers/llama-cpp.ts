/** Opens llama.cpp through node-llama-cpp, wherever a developer has installed it: no dependency of evalrun. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** What is used here of node-llama-cpp 3. */
export interface LlamaSequence {
  readonly nextTokenIndex: number;
  clearHistory(): Promise<void>;
  /** Forgets what is behind the first difference. */
  adaptStateToTokens(tokens: readonly number[], allowShift: boolean): Promise<void>;
  evaluate(
    tokens: readonly number[],
    options: { readonly temperature: number; readonly yieldEogToken: boolean },
  ): AsyncGenerator<number>;
  controlledEvaluate(
    input: readonly (number | readonly [number, object])[],
  ): Promise<readonly ({ readonly next: { readonly logits?: ReadonlyMap<number, number> } } | undefined)[]>;
}

export interface LlamaModel {
  tokenize(text: string): number[];
  createContext(options: object): Promise<{ getSequence(): LlamaSequence }>;
}

interface LlamaModule {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<LlamaModel> }>;
}

/**
 * `folder` holds node_modules/node-llama-cpp, installed with `npm install node-llama-cpp@3 --ignore-scripts`: its binaries come as
 * packages. Throws where they do not.
 */
export async function openLlamaCpp(folder: string, file: string, threads: number): Promise<LlamaModel> {
  const entry = createRequire(path.join(path.resolve(folder), 'package.json')).resolve('node-llama-cpp');
  const { getLlama } = (await import(pathToFileURL(entry).href)) as LlamaModule;
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads: threads });
  return llama.loadModel({ modelPath: path.resolve(file) });
}

/** `node-llama-cpp 3.22.1`. */
export function llamaCppName(folder: string): string {
  const file = path.join(folder, 'node_modules/node-llama-cpp/package.json');
  return `node-llama-cpp ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
}
