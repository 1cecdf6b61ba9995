/** `evalrun show`: one prompt as the model gets it, its tokens, and the place where the answer is read. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Tokenizer } from '../engine/engine.js';
import { endsInThought } from '../engine/thinking.js';
import { EvalrunError } from '../errors.js';
import { renderPrompts } from '../runner/plan-completions.js';
import { getSuite } from '../suites/registry.js';
import type { ChoicePlan, ChoiceSample, GenerativePlan, GenerativeSample } from '../suites/suite.js';
import { letterTokens } from '../suites/token-boundary.js';
import { cachedModelFolder } from './model-folder.js';
import type { CliParts } from './parts.js';
import { wrapText } from './wrap-text.js';

interface ShowFlags {
  readonly suite: string;
  readonly sample: string;
  readonly model?: string;
  readonly protocol?: string;
  readonly shots?: number;
  readonly shotsFile?: string;
  readonly chat?: 'auto' | 'on' | 'off';
  readonly data?: string;
  readonly allowModifiedData?: boolean;
  readonly json?: boolean;
}

export function showCommand(parts: CliParts): Command {
  return new Command('show')
    .description('Prints the prompt of one sample, its tokens, and where the answer will be read. Loads no weights.')
    .requiredOption(
      '-s, --suite <name>',
      'mmlu, ceval, cmmlu, bilingual, math500, gsm8k, mgsm, cmath, humaneval, humaneval-plus, humaneval-mul',
    )
    .option('--sample <n>', 'place in the suite from 0, or an id such as mmlu/anatomy/7 or anatomy/7', '0')
    .option(
      '-m, --model <model>',
      'folder or org/name of a pulled model whose tokenizer to use; default the model in the box',
    )
    .option('--protocol <name>', 'official, deepseek, lm-eval, simple-evals, base')
    .option('--shots <k>', 'worked examples before the question', shots)
    .option('--shots-file <file>', 'plain text with the worked examples of a base protocol')
    .addOption(new Option('--chat <when>', 'chat template: auto, on, off').choices(['auto', 'on', 'off']))
    .option('--data <folder>', 'data directory, or "embedded"')
    .option('--allow-modified-data', 'take data files that differ from the published ones')
    .option('--json', 'one JSON object on stdout')
    .action(async (flags: ShowFlags) => {
      const found = await findSample(flags);
      const { model } = flags;
      const folder = model === undefined ? await parts.defaultModel() : await cachedModelFolder(model, 'tokenizer');
      const tokenizer = await parts.openTokenizer(folder);
      const shown =
        'choice' in found ? describeChoice(found, tokenizer) : await describeWritten(found, tokenizer, flags);
      process.stdout.write(`${flags.json ? JSON.stringify(shown) : renderShown(shown)}\n`);
    });
}

function shots(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0.');
  return Number(text);
}

/** A sample with its plan, by the kind of answer. */
type Found =
  | { readonly plan: ChoicePlan; readonly choice: ChoiceSample }
  | { readonly plan: GenerativePlan; readonly written: GenerativeSample };

async function findSample(flags: ShowFlags): Promise<Found> {
  const plans = await getSuite(flags.suite).plan({
    seed: 0,
    ...(flags.protocol !== undefined && { protocol: flags.protocol }),
    ...(flags.shots !== undefined && { shots: flags.shots }),
    ...(flags.shotsFile !== undefined && { shotsFile: flags.shotsFile }),
    ...(flags.data !== undefined && { dataDir: flags.data }),
    allowModified: flags.allowModifiedData ?? false,
  });
  const all = plans.flatMap((plan): Found[] =>
    plan.kind === 'choice'
      ? plan.samples.map((choice) => ({ plan, choice }))
      : plan.samples.map((written) => ({ plan, written })),
  );
  const isPlace = /^\d+$/.test(flags.sample);
  // The suite's name need not be said twice.
  const names = [flags.sample, `${flags.suite}/${flags.sample}`];
  const found = isPlace ? all[Number(flags.sample)] : all.find((one) => names.includes(idOf(one)));
  if (found !== undefined) return found;
  throw new EvalrunError('usage/sample', {
    what: `${flags.suite} has no sample ${flags.sample}`,
    expected: `a place from 0 to ${all.length - 1}, or an id such as ${all[0] && idOf(all[0])}`,
  });
}

function idOf(found: Found): string {
  return 'choice' in found ? found.choice.id : found.written.id;
}

interface Shown {
  readonly id: string;
  readonly protocol: string;
  readonly shots: number;
  readonly target: string;
  readonly prompt: string;
  readonly tokens: readonly { readonly id: number; readonly piece: string }[];
}

interface ShownChoice extends Shown {
  /** Label -> the token whose log-probability is read after the last prompt token. */
  readonly answers: Readonly<Record<string, { readonly id: number; readonly text: string }>>;
}

interface ShownWritten extends Shown {
  readonly chat_template: boolean;
  readonly max_tokens: number;
  readonly stop: readonly string[];
  /** Whether the prompt ends inside a thought, which the model ends before it answers. */
  readonly thinking: boolean;
  readonly reading: string;
}

function describeChoice({ plan, choice }: Extract<Found, { choice: unknown }>, tokenizer: Tokenizer): ShownChoice {
  const letters = letterTokens({ samples: [choice] }, tokenizer);
  const { id, target, context, continuations } = choice;
  return {
    id,
    protocol: plan.protocol,
    shots: plan.shots,
    target,
    prompt: context,
    tokens: tokensOf(tokenizer.encode(context), tokenizer),
    answers: Object.fromEntries(
      Object.entries(letters).map(([label, id]) => [label, { id, text: continuations[label] ?? '' }]),
    ),
  };
}

async function describeWritten(
  { plan, written }: Extract<Found, { written: unknown }>,
  tokenizer: Tokenizer,
  { chat = 'auto' }: ShowFlags,
): Promise<ShownWritten> {
  const prompts = await renderPrompts({ ...plan, samples: [written] }, { chat, tokenizer });
  const { text, ids } = prompts.at(0);
  return {
    id: written.id,
    protocol: plan.protocol,
    shots: plan.shots,
    target: written.target,
    prompt: text,
    tokens: tokensOf(ids, tokenizer),
    chat_template: prompts.usesTemplate,
    max_tokens: plan.maxTokens,
    stop: written.stop ?? plan.stop,
    thinking: endsInThought(text),
    reading: plan.reading,
  };
}

function tokensOf(ids: readonly number[], tokenizer: Tokenizer): Shown['tokens'] {
  return ids.map((id) => ({ id, piece: pieceOf(id, tokenizer) }));
}

/** A token's text; its name in the vocabulary where it is no whole character. */
function pieceOf(id: number, tokenizer: Tokenizer): string {
  const text = tokenizer.decode([id]);
  return text === '' || text.includes('\uFFFD') ? (tokenizer.tokenOf(id) ?? text) : text;
}

function renderShown(shown: ShownChoice | ShownWritten): string {
  const { id, protocol, shots, target, prompt, tokens } = shown;
  const columns = process.stdout.columns ?? 80;
  const list = tokens.map((token) => `${token.id}:${JSON.stringify(token.piece).replaceAll(' ', '␣')}`).join(' ');
  const counted = 'answers' in shown || shots > 0 ? `${shots} shots` : undefined;
  const how = [counted, 'answers' in shown ? undefined : shown.chat_template ? 'chat template' : 'plain text']
    .filter((part) => part !== undefined)
    .join(', ');
  return [
    `${id}: ${protocol} protocol, ${how}, the answer is ${target}`,
    '',
    'Prompt',
    prompt,
    '-'.repeat(Math.min(columns, 80)),
    `${tokens.length} tokens as id:text`,
    ...wrapText(list, columns, 0),
    '',
    ...('answers' in shown ? whereChoice(shown) : whereWritten(shown, columns)),
  ].join('\n');
}

function whereChoice({ tokens, answers }: ShownChoice): string[] {
  const last = JSON.stringify(tokens.at(-1)?.piece);
  return [
    `The answer is read after token ${tokens.length - 1} (from 0), ${last}, from the log-probabilities of:`,
    ...Object.entries(answers).map(([label, { id, text }]) => `  ${label}: ${JSON.stringify(text)} = token ${id}`),
  ];
}

function whereWritten({ tokens, max_tokens, stop, thinking, reading }: ShownWritten, columns: number): string[] {
  const ends =
    stop.length === 0 ? 'the end of the text' : `one of ${stop.map((text) => JSON.stringify(text)).join(', ')}`;
  const where = `The answer is generated after token ${tokens.length - 1} (from 0), at most ${max_tokens} tokens, up to ${ends}.`;
  const thought =
    'The prompt ends inside a thought: what comes before </think> is kept apart, and nothing in it ends the text or is read.';
  return [
    ...wrapText(where, columns, 2),
    ...(thinking ? wrapText(thought, columns, 2) : []),
    ...wrapText(reading, columns, 2),
  ];
}
