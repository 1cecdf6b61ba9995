/** `evalrun show`: one prompt as the model gets it, its tokens, and the place where the answer is read. */
import { Command, InvalidArgumentError } from 'commander';
import type { Tokenizer } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import { getSuite } from '../suites/registry.js';
import type { ChoiceSample, SuitePlan } from '../suites/suite.js';
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
  readonly data?: string;
  readonly allowModifiedData?: boolean;
  readonly json?: boolean;
}

export function showCommand(parts: CliParts): Command {
  return new Command('show')
    .description('Prints the prompt of one sample, its tokens, and where the answer will be read. Loads no weights.')
    .requiredOption('-s, --suite <name>', 'mmlu, ceval, cmmlu, bilingual')
    .option('--sample <n>', 'place in the suite from 0, or an id such as mmlu/anatomy/7', '0')
    .option(
      '-m, --model <model>',
      'folder or org/name of a pulled model whose tokenizer to use; default the model in the box',
    )
    .option('--protocol <name>', 'official, deepseek, lm-eval')
    .option('--shots <k>', 'worked examples before the question', shots)
    .option('--data <folder>', 'data directory, or "embedded"')
    .option('--allow-modified-data', 'take data files that differ from the published ones')
    .option('--json', 'one JSON object on stdout')
    .action(async (flags: ShowFlags) => {
      const [plan, sample] = await findSample(flags);
      const { model } = flags;
      const folder = model === undefined ? await parts.defaultModel() : await cachedModelFolder(model, 'tokenizer');
      const tokenizer = await parts.openTokenizer(folder);
      const shown = describe(plan, sample, tokenizer);
      process.stdout.write(`${flags.json ? JSON.stringify(shown) : renderShown(shown)}\n`);
    });
}

function shots(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0.');
  return Number(text);
}

async function findSample(flags: ShowFlags): Promise<[SuitePlan, ChoiceSample]> {
  const plans = await getSuite(flags.suite).plan({
    seed: 0,
    ...(flags.protocol !== undefined && { protocol: flags.protocol }),
    ...(flags.shots !== undefined && { shots: flags.shots }),
    ...(flags.data !== undefined && { dataDir: flags.data }),
    allowModified: flags.allowModifiedData ?? false,
  });
  const all = plans.flatMap((plan) => plan.samples.map((sample): [SuitePlan, ChoiceSample] => [plan, sample]));
  const isPlace = /^\d+$/.test(flags.sample);
  const found = isPlace ? all[Number(flags.sample)] : all.find(([, sample]) => sample.id === flags.sample);
  if (found !== undefined) return found;
  throw new EvalrunError('usage/sample', {
    what: `${flags.suite} has no sample ${flags.sample}`,
    expected: `a place from 0 to ${all.length - 1}, or an id such as ${all[0]?.[1].id}`,
  });
}

interface Shown {
  readonly id: string;
  readonly protocol: string;
  readonly shots: number;
  readonly target: string;
  readonly prompt: string;
  readonly tokens: readonly { readonly id: number; readonly piece: string }[];
  /** Label -> the token whose log-probability is read after the last prompt token. */
  readonly answers: Readonly<Record<string, { readonly id: number; readonly text: string }>>;
}

function describe(plan: SuitePlan, sample: ChoiceSample, tokenizer: Tokenizer): Shown {
  const letters = letterTokens({ ...plan, samples: [sample] }, tokenizer);
  return {
    id: sample.id,
    protocol: plan.protocol,
    shots: plan.shots,
    target: sample.target,
    prompt: sample.context,
    tokens: tokenizer.encode(sample.context).map((id) => ({ id, piece: pieceOf(id, tokenizer) })),
    answers: Object.fromEntries(
      Object.entries(letters).map(([label, id]) => [label, { id, text: sample.continuations[label] ?? '' }]),
    ),
  };
}

/** A token's text; its name in the vocabulary where it is no whole character. */
function pieceOf(id: number, tokenizer: Tokenizer): string {
  const text = tokenizer.decode([id]);
  return text === '' || text.includes('\uFFFD') ? (tokenizer.tokenOf(id) ?? text) : text;
}

function renderShown({ id, protocol, shots, target, prompt, tokens, answers }: Shown): string {
  const columns = process.stdout.columns ?? 80;
  const list = tokens.map((token) => `${token.id}:${JSON.stringify(token.piece).replaceAll(' ', '␣')}`).join(' ');
  const last = tokens.at(-1);
  return [
    `${id}: ${protocol} protocol, ${shots} shots, the answer is ${target}`,
    '',
    'Prompt',
    prompt,
    '-'.repeat(Math.min(columns, 80)),
    `${tokens.length} tokens as id:text`,
    ...wrapText(list, columns, 0),
    '',
    `The answer is read after token ${tokens.length - 1} (from 0), ${JSON.stringify(last?.piece)}, from the log-probabilities of:`,
    ...Object.entries(answers).map(
      ([label, answer]) => `  ${label}: ${JSON.stringify(answer.text)} = token ${answer.id}`,
    ),
  ].join('\n');
}
