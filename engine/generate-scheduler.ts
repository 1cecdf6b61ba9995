/** Continuous batching for generation: prompts are computed in chunks beside sequences that decode. */
import type { GenerateRequest, GenerateResult } from './engine.js';
import { cacheTooSmall, type KvPages, PAGE_TOKENS, pagesFor } from './kv-pages.js';
import type { NativeStepResult } from './native.js';
import { buildPromptTree, nextTokens, type PromptLeaf, type PromptPart } from './prompt-tree.js';
import { Sequence, type SequenceOptions } from './sequence.js';
import { CHOSEN_NEXT, StepBuilder } from './step-builder.js';

export interface GenerateSchedulerOptions extends SequenceOptions {
  readonly pages: KvPages;
  readonly batchTokens: number;
  /** Whether the MTP module drafts a token for each sequence, which the next step checks. */
  readonly mtp: boolean;
  readonly sharePrefixes: boolean;
}

/** What came of a step's decoding. */
export interface DecodeCounts {
  /** Tokens that decoding sequences took, the one that ends a text among them. */
  readonly taken: number;
  readonly drafted: number;
  /** Drafts that were the token that was taken. */
  readonly accepted: number;
}

export interface GenerateStep {
  readonly builder: StepBuilder;
  readonly prefillTokens: number;
  /** Rows of decoding sequences, drafts included. */
  readonly decodeTokens: number;
  finish(result: NativeStepResult): DecodeCounts;
}

/** A sequence whose next token a step chooses, and the draft that the step checks. */
interface Asked {
  readonly sequence: Sequence;
  readonly draft: number | undefined;
}

export class GenerateScheduler {
  /** The next one last. */
  private readonly waiting: PromptLeaf[];
  /** Sequences whose pages are taken and which have not ended. */
  private active = 0;
  /** Parts whose pages are taken and which are not computed, parents first. */
  private computing: PromptPart[] = [];
  private readonly ending = new Map<PromptPart, Sequence>();
  private decoding: Sequence[] = [];
  private completed: GenerateResult[];
  private readonly options: GenerateSchedulerOptions;

  constructor(requests: readonly GenerateRequest[], options: GenerateSchedulerOptions) {
    const { pages, mtp, sharePrefixes: share } = options;
    const asked = requests.filter(({ maxTokens }) => maxTokens > 0);
    this.waiting = buildPromptTree(asked, { pages, mtp, share }).reverse();
    // A request for no tokens is done before any step.
    this.completed = requests
      .filter(({ maxTokens }) => maxTokens <= 0)
      .map(({ id, repeat = 0, context }) => ({
        id,
        repeat,
        ids: [],
        text: '',
        end: 'truncated',
        promptTokens: context.length,
        sharedTokens: 0,
      }));
    this.options = options;
  }

  get done(): boolean {
    return this.waiting.length === 0 && this.active === 0;
  }

  takeCompleted(): GenerateResult[] {
    const taken = this.completed;
    this.completed = [];
    return taken;
  }

  nextStep(): GenerateStep {
    this.admit();
    const builder = new StepBuilder();
    builder.wantBest = true;
    const asked: Asked[] = [];
    this.addDecoding(builder, asked);
    const decodeTokens = builder.tokenCount;
    const chunks = this.addPrompts(builder, asked);
    return {
      builder,
      prefillTokens: builder.tokenCount - decodeTokens,
      decodeTokens,
      finish: (result) => {
        for (const [part, count] of chunks) part.computed += count;
        this.computing = this.computing.filter((part) => !isComputed(part));
        return this.takeTokens(asked, result);
      },
    };
  }

  /** One row for each sequence; where there is room left beside all prompts, a second one that checks its draft. */
  private addDecoding(builder: StepBuilder, asked: Asked[]): void {
    const isSampled = this.isSampled();
    const prompts = this.computing.filter(isReady).reduce((sum, part) => sum + lengthOf(part) - part.computed, 0);
    let room = this.options.mtp ? this.options.batchTokens - this.decoding.length - prompts : 0;
    for (const sequence of this.decoding) {
      const draft = room > 0 && sequence.hasRoomForTwo ? sequence.draft : undefined;
      if (draft !== undefined) room -= 1;
      const tokens = [sequence.ids.at(-1) as number, ...(draft === undefined ? [] : [draft])];
      const start = sequence.position;
      const row = builder.addSpan({
        tokens,
        start,
        pages: pagesOf(sequence.part).slice(0, pagesFor(start + tokens.length)),
        decode: true,
        group: sequence.request.group,
      });
      tokens.forEach((_, ahead) => {
        builder.addQuery(row + ahead, []);
        if (isSampled) builder.addSampling(sequence.sampling(ahead));
      });
      if (this.options.mtp) builder.addNextTokens(tokens.map(() => CHOSEN_NEXT));
      asked.push({ sequence, draft });
    }
  }

  /** Chunks of all parts whose parents are computed, as far as the token budget goes. */
  private addPrompts(builder: StepBuilder, asked: Asked[]): [PromptPart, number][] {
    const isSampled = this.isSampled();
    const chunks: [PromptPart, number][] = [];
    for (const part of this.computing.filter(isReady)) {
      const count = Math.min(lengthOf(part) - part.computed, this.options.batchTokens - builder.tokenCount);
      if (count <= 0) break;
      const pages = pagesOf(part);
      const firstPage = Math.floor(part.start / PAGE_TOKENS);
      // The page in which the parent ends is the parent's; this part goes on in a copy of it.
      if (part.computed === 0 && part.parent !== undefined && part.start % PAGE_TOKENS !== 0) {
        builder.copyPage(pagesOf(part.parent)[firstPage] as number, pages[firstPage] as number);
      }
      const end = part.computed + count;
      const row = builder.addSpan({
        tokens: part.prompt.slice(part.start + part.computed, part.start + end),
        start: part.start + part.computed,
        pages: pages.slice(0, pagesFor(part.start + end)),
        decode: false,
        group: part.group,
      });
      if (this.options.mtp) builder.addNextTokens(nextTokens(part, part.computed, end));
      chunks.push([part, count]);
      const sequence = this.ending.get(part);
      if (sequence === undefined || end < lengthOf(part)) continue;
      builder.addQuery(row + count - 1, []);
      builder.addProbe(row + count - 1, nameOf(sequence.request));
      if (isSampled) builder.addSampling(sequence.sampling(0));
      asked.push({ sequence, draft: undefined });
    }
    return chunks;
  }

  /**
   * Every row of `asked` chose a token and drafted one behind it. A draft's own row counts only when the draft is the token that the
   * row before it chose; otherwise its entry in the cache is stale, and the next step writes over it before anything reads it.
   */
  private takeTokens(asked: readonly Asked[], { best, drafts }: NativeStepResult): DecodeCounts {
    let [taken, drafted, accepted] = [0, 0, 0];
    let row = 0;
    for (const { sequence, draft } of asked) {
      const token = best[row] as number;
      let goesOn = sequence.take(token);
      sequence.draft = drafts[row];
      // A first token comes from its prompt.
      if (this.ending.delete(sequence.part)) this.decoding.push(sequence);
      else taken += 1;
      if (draft !== undefined) drafted += 1;
      if (draft === token) accepted += 1;
      if (draft === token && goesOn) {
        taken += 1;
        goesOn = sequence.take(best[row + 1] as number);
        sequence.draft = drafts[row + 1];
      }
      row += draft === undefined ? 1 : 2;
      if (!goesOn) this.complete(sequence);
    }
    return { taken, drafted, accepted };
  }

  /** Takes pages for a sequence's whole length at once, so that none has to be thrown out half way; nobody overtakes. */
  private admit(): void {
    const { pages, batchTokens } = this.options;
    for (let leaf = this.waiting.at(-1); leaf !== undefined && this.active < batchTokens; leaf = this.waiting.at(-1)) {
      const path: PromptPart[] = [];
      for (let at: PromptPart | undefined = leaf.part; at !== undefined && at.pages === undefined; at = at.parent) {
        path.unshift(at);
      }
      const needed = path.reduce((sum, part) => sum + part.ownPages, 0);
      if (needed > pages.available) {
        // Without active sequences only parts above this leaf hold pages, and with them it fits: it was planned so.
        if (this.active === 0) throw cacheTooSmall(leaf.request.context.length + leaf.request.maxTokens, pages);
        return;
      }
      for (const part of path) {
        const inherited = part.parent === undefined ? [] : pagesOf(part.parent).slice(0, part.start / PAGE_TOKENS);
        part.pages = [...inherited, ...pages.take(part.ownPages)];
        this.computing.push(part);
      }
      this.waiting.pop();
      this.active += 1;
      this.ending.set(leaf.part, new Sequence(leaf, this.options));
    }
  }

  private complete(sequence: Sequence): void {
    this.completed.push(sequence.result());
    this.decoding = this.decoding.filter((other) => other !== sequence);
    this.active -= 1;
    for (let part: PromptPart | undefined = sequence.part; part !== undefined; part = part.parent) {
      part.users -= 1;
      if (part.users === 0) this.options.pages.release(pagesOf(part).slice(-part.ownPages));
    }
  }

  /** Greedy rows among sampled ones are drawn at temperature 0, which is the best token, too. */
  private isSampled(): boolean {
    const warm = ({ request }: Sequence) => (request.sampling?.temperature ?? 0) > 0;
    return this.decoding.some(warm) || [...this.ending.values()].some(warm);
  }
}

function lengthOf({ start, end }: PromptPart): number {
  return end - start;
}

function isComputed(part: PromptPart): boolean {
  return part.computed === lengthOf(part);
}

/** A part can be computed from the step on that follows its parent's last one. */
function isReady({ parent }: PromptPart): boolean {
  return parent === undefined || isComputed(parent);
}

function pagesOf(part: PromptPart): readonly number[] {
  return part.pages ?? [];
}

/** As the runner names samples: several of one request have one id. */
function nameOf({ id, repeat = 0 }: GenerateRequest): string {
  return repeat === 0 ? id : `${id}#${repeat}`;
}
