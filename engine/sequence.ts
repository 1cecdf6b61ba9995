/** One text being generated: takes token after token and says when it has ended. */
import type { GenerateRequest, GenerateResult } from './engine.js';
import type { PromptLeaf, PromptPart } from './prompt-tree.js';
import { sampleKey } from './sample-key.js';
import type { RowSampling } from './step-builder.js';
import { StopMatcher } from './stop-matcher.js';
import { endsInThought, splitThinking } from './thinking.js';

/** Enough for a template's last words. */
const PROMPT_END_TOKENS = 16;

export interface SequenceOptions {
  readonly eosIds: readonly number[];
  /** Text of ids, special tokens left out. */
  readonly decode: (ids: readonly number[]) => string;
  /** Text of ids, special tokens as they are. */
  readonly decodePrompt: (ids: readonly number[]) => string;
}

export class Sequence {
  readonly request: GenerateRequest;
  /** Where the prompt ends; its pages reach to the last token that may come. */
  readonly part: PromptPart;
  readonly ids: number[] = [];
  /** What the MTP module expects behind the last token. */
  draft: number | undefined;
  private readonly sharedTokens: number;
  private readonly stopIds: ReadonlySet<number>;
  private readonly matcher: StopMatcher;
  /** Whether the prompt ends inside a thought. */
  private readonly thinking: boolean;
  private readonly key: readonly [number, number];
  private end: GenerateResult['end'] | undefined;

  constructor({ request, part, sharedTokens }: PromptLeaf, { eosIds, decode, decodePrompt }: SequenceOptions) {
    this.request = request;
    this.part = part;
    this.sharedTokens = sharedTokens;
    this.stopIds = new Set(request.stopIds ?? eosIds);
    this.thinking = endsInThought(decodePrompt(request.context.slice(-PROMPT_END_TOKENS)));
    this.matcher = new StopMatcher(request.stop ?? [], { decode, thinking: this.thinking });
    this.key = sampleKey(request.sampling?.seed ?? 0, request.id, request.repeat ?? 0);
  }

  /** Position of the token taken last, which is not in the cache yet. */
  get position(): number {
    return this.request.context.length + this.ids.length - 1;
  }

  /** Whether a second token may follow the next one. */
  get hasRoomForTwo(): boolean {
    return this.ids.length + 2 <= this.request.maxTokens;
  }

  /** Takes the next token; false when it has ended the text. */
  take(token: number): boolean {
    if (this.stopIds.has(token)) this.end = 'eos';
    else {
      this.ids.push(token);
      if (this.matcher.add(token)) this.end = 'stop';
      else if (this.ids.length >= this.request.maxTokens) this.end = 'truncated';
    }
    return this.end === undefined;
  }

  /** How the next token is drawn, or the one `ahead` tokens behind it: a function of place and seed alone. */
  sampling(ahead: number): RowSampling {
    const { temperature = 0, topP = 1, topK = 0, minP = 0 } = this.request.sampling ?? {};
    return { temperature, topP, topK, minP, key: this.key, position: this.ids.length + ahead };
  }

  result(): GenerateResult {
    const { id, repeat = 0, context } = this.request;
    const { thinking, answer } = splitThinking(this.matcher.text(), this.thinking);
    return {
      id,
      repeat,
      ids: this.ids,
      ...(thinking !== undefined && { thinking }),
      text: answer,
      end: this.end ?? 'truncated',
      promptTokens: context.length,
      sharedTokens: this.sharedTokens,
    };
  }
}
