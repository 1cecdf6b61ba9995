/** The model behind the endpoint: its name, its running session, and how prompts become token ids. */
import pLimit from 'p-limit';
import { type ChatMessage, renderChats } from '../engine/chat-template.js';
import type { EngineInfo, Tokenizer } from '../engine/engine.js';
import type { LiveSession } from '../engine/live/live-session.js';
import type { LocalEngine } from '../engine/local-engine.js';
import { encodeChat, encodeText } from '../engine/prompt-ids.js';
import { EvalrunError } from '../errors.js';
import { version } from '../package-root.js';
import { ApiError } from './api-error.js';
import { type TokenText, tokenTexts } from './token-text.js';

/** A prompt as the engine takes it and as an echo prints it. */
export interface ServedPrompt {
  readonly ids: readonly number[];
  readonly text: string;
  /** Ids at the beginning that are not in the text. */
  readonly special: number;
}

export class ServedModel {
  /** Seconds since 1970. */
  readonly created = Math.floor(Date.now() / 1000);
  readonly fingerprint: string;
  readonly tokenText: (id: number) => TokenText;
  readonly decode: (ids: readonly number[]) => string;
  /** Each template runs in a thread of its own. */
  private readonly templates = pLimit(2);

  constructor(
    readonly name: string,
    readonly engine: LocalEngine,
    readonly session: LiveSession,
  ) {
    const { info, tokenizer } = engine;
    this.fingerprint = `evalrun-${version}-${info.dtype}-${info.weightFingerprint.slice(0, 12)}`;
    this.tokenText = tokenTexts(tokenizer);
    this.decode = (ids) => tokenizer.decode(ids, { skipSpecialTokens: true });
  }

  get info(): EngineInfo {
    return this.engine.info;
  }

  get tokenizer(): Tokenizer {
    return this.engine.tokenizer;
  }

  /** Throws ApiError 404 for another model's name. */
  checkName(asked: string | undefined): void {
    if (asked === undefined || asked === this.name) return;
    throw new ApiError('serve/model', {
      status: 404,
      param: 'model',
      wireCode: 'model_not_found',
      what: `The model ${JSON.stringify(asked.slice(0, 200))} is not served here`,
      expected: JSON.stringify(this.name),
    });
  }

  /** Ids are taken as they are: whoever sends them decides about a BOS. */
  encode(prompt: string | readonly number[], addSpecialTokens: boolean): ServedPrompt {
    if (typeof prompt !== 'string')
      return { ids: prompt, text: this.tokenizer.decode(this.checked(prompt)), special: 0 };
    const plain = this.tokenizer.encode(prompt, { addSpecialTokens: false });
    if (!addSpecialTokens) return { ids: plain, text: prompt, special: 0 };
    const ids = encodeText(this.tokenizer, prompt);
    const added = ids.length - plain.length;
    return { ids, text: prompt, special: added > 0 && ids[0] === this.tokenizer.bosId ? added : 0 };
  }

  /** Throws `tokenizer/chat-template` where there is none, or where it refuses the messages. */
  async renderChat(messages: readonly ChatMessage[]): Promise<ServedPrompt> {
    const [text = ''] = await this.templates(() => renderChats(this.tokenizer, [messages]));
    return { ids: encodeChat(this.tokenizer, text), text, special: 0 };
  }

  /** The entry of /v1/models. */
  describe(): object {
    const { info } = this;
    return {
      id: this.name,
      object: 'model',
      created: this.created,
      owned_by: 'evalrun',
      max_model_len: info.contextLength,
      evalrun: {
        version,
        model_type: info.modelType,
        dtype: info.dtype,
        device: info.device,
        weight_fingerprint: info.weightFingerprint,
        tokenizer_sha256: info.tokenizerSha256,
      },
    };
  }

  /** A decoder may fail on ids that are not in its vocabulary. */
  private checked(ids: readonly number[]): readonly number[] {
    const bad = ids.find((id) => id >= this.info.vocabSize);
    if (bad === undefined) return ids;
    throw new EvalrunError('engine/token-id', {
      what: 'the prompt holds a token id outside the vocabulary of the model',
      expected: `0 to ${this.info.vocabSize - 1}`,
      found: String(bad),
    });
  }
}
