/** Questions of multiple choice as the engine will see them: token ids of the prompt and of each answer letter. */
import type { PromptForms, ScoreRequest, Tokenizer } from '../engine/engine.js';
import { PromptStore } from '../engine/prompt-store.js';
import { EvalrunError } from '../errors.js';
import { sha256Hex } from '../sha256.js';
import type { ChoicePlan, ChoiceSample } from '../suites/suite.js';
import { letterTokens } from '../suites/token-boundary.js';
import { stopIfAborted } from './interruption.js';

/** A sample as the engine will see it. Its text is gone: a run holds ids, not tens of thousands of long prompts. */
export interface PlannedChoice {
  readonly id: string;
  readonly suite: string;
  readonly group: string;
  readonly repeat: number;
  readonly target: string;
  /** Labels of the answers, in the order of `request.continuations`. */
  readonly labels: readonly string[];
  /** SHA-256 of the prompt's UTF-8 text, hex. */
  readonly promptSha256: string;
  readonly request: ScoreRequest;
}

/** Samples tokenised between two looks at what else happens, such as Ctrl-C. */
export const breath = 256;

/** Throws `tokenizer/letter-boundary` when an answer is not one token of its own after the prompt. */
export async function planChoices(
  plan: ChoicePlan,
  options: {
    readonly tokenizer: Tokenizer;
    /** Default token ids alone. */
    readonly prompts?: PromptForms | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<PlannedChoice[]> {
  const { tokenizer, prompts, signal } = options;
  // A server that tokenises is asked about its tokens by the engine.
  const letters = (prompts?.ids ?? true) ? letterTokens(plan, tokenizer) : undefined;
  const writer = new RequestWriter({ tokenizer, letters, text: prompts?.text ?? false });
  const samples: PlannedChoice[] = [];
  for (const sample of plan.samples) {
    if (samples.length % breath === 0) await new Promise((resolve) => setImmediate(resolve));
    stopIfAborted(signal);
    samples.push(writer.plan(sample));
  }
  return samples;
}

/** What a prompt asks, for the hash over all prompts of a suite. */
export function promptIdentity({ id, promptSha256, target, labels, request }: PlannedChoice): string {
  const { continuations, text } = request;
  return JSON.stringify([
    id,
    promptSha256,
    target,
    labels,
    ...(text === undefined ? [] : [text.continuations]),
    continuations,
  ]);
}

interface RequestForm {
  readonly tokenizer: Tokenizer;
  /** Tokens of the labels, where they are known. */
  readonly letters: Readonly<Record<string, number>> | undefined;
  /** Whether the engine wants the prompts' text. */
  readonly text: boolean;
}

/** Plans sample after sample; what several have in common is there once. */
class RequestWriter {
  private readonly prompts = new PromptStore();
  private readonly groups = new Map<string, string>();
  private readonly answers = new Map<ChoiceSample['continuations'], Answers>();

  constructor(private readonly form: RequestForm) {}

  plan(sample: ChoiceSample): PlannedChoice {
    const { tokenizer, letters, text } = this.form;
    const { id, suite, group, repeat, target, context } = sample;
    const { labels, ids: continuations, texts } = this.answersOf(sample.continuations);
    if (!labels.includes(target) || (letters !== undefined && continuations.length !== labels.length)) {
      throw new EvalrunError('internal/labels', { what: `The answers of ${id} do not match its key or its tokens` });
    }
    return {
      id,
      suite,
      group,
      repeat,
      target,
      labels,
      promptSha256: sha256Hex(context),
      request: {
        id,
        group: this.nameOf(suite, group),
        context: letters === undefined ? noIds : this.prompts.add(tokenizer.encode(context)),
        continuations,
        ...(text && { text: textOf(sample, texts) }),
      },
    };
  }

  private answersOf(continuations: ChoiceSample['continuations']): Answers {
    const known = this.answers.get(continuations);
    if (known !== undefined) return known;
    const { letters } = this.form;
    const labels = Object.keys(continuations);
    const ids = labels.flatMap((label) => (letters?.[label] === undefined ? [] : [[letters[label]]]));
    const answers = { labels, ids, texts: Object.values(continuations) };
    this.answers.set(continuations, answers);
    return answers;
  }

  private nameOf(suite: string, group: string): string {
    const name = `${suite}/${group}`;
    const known = this.groups.get(name);
    if (known === undefined) this.groups.set(name, name);
    return known ?? name;
  }
}

const noIds: readonly number[] = [];

interface Answers {
  readonly labels: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly texts: readonly string[];
}

/** The prompt is written when it is sent. */
function textOf(sample: ChoiceSample, continuations: readonly string[]): NonNullable<ScoreRequest['text']> {
  return {
    get context() {
      return sample.context;
    },
    continuations,
  };
}
