/** The options of a run, as text from the command line to checked values. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEVICE_OPTIONS, type DeviceOption } from '../engine/device.js';
import type { DType } from '../engine/engine.js';
import { parseShard, renderShard } from '../runner/shard.js';
import { deviceOption, dtypeOption } from './engine-options.js';

export interface RunFlags {
  readonly suite?: string;
  readonly model?: string;
  readonly dtype?: DType;
  readonly device?: DeviceOption;
  readonly out: string;
  readonly protocol?: string;
  readonly shots?: number;
  readonly shotsFile?: string;
  readonly limit?: number;
  readonly subjects?: string[];
  readonly seed?: number;
  readonly data?: string;
  readonly allowModifiedData?: boolean;
  readonly chat?: 'auto' | 'on' | 'off';
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly samples?: number;
  readonly unsafeExec?: boolean;
  readonly mtp?: boolean;
  readonly recordExperts?: boolean;
  readonly shard?: string;
  readonly batchTokens?: number;
  readonly threads?: number;
  readonly engine?: 'local' | 'openai';
  readonly baseUrl?: string;
  readonly tokenizer?: string;
  readonly concurrency?: number;
  readonly requestTimeout?: number;
  readonly resume?: string;
  readonly verifyPrefix?: number;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  /** False with --no-report. */
  readonly report: boolean;
}

/** Options without a default here take the suite's, or on --resume the stored run's. */
export function addRunOptions(command: Command): Command {
  return command
    .option(
      '-s, --suite <names>',
      'mmlu, ceval, cmmlu, bilingual, math500, gsm8k, mgsm, cmath, humaneval, humaneval-plus, humaneval-mul; several with commas',
      names,
    )
    .option(
      '-m, --model <model>',
      'checkpoint folder, or org/name[@revision] on the hub, pulled if need be; default the model in the box',
    )
    .addOption(dtypeOption())
    .option('--device <device>', `where to compute: ${DEVICE_OPTIONS} (default: auto)`, deviceOption)
    .option('-o, --out <folder>', 'folder in which the run folder is made', 'runs')
    .option(
      '--protocol <name>',
      "official, deepseek, lm-eval, simple-evals, base: whose prompts and averages (default: the suite's first)",
    )
    .option('--shots <k>', 'worked examples before each question', wholeFrom(0))
    .option(
      '--shots-file <file>',
      'plain text with the worked examples of a base protocol, exactly as they should appear',
    )
    .option('--limit <n>', 'this many questions per suite, the same for the same seed', wholeFrom(1))
    .option('--subjects <names>', 'only these subjects, with commas', list)
    .option('--seed <s>', 'what --limit, --verify-prefix and --temperature draw by (default: 0)', whole)
    .option('--data <folder>', 'data directory, or "embedded" for the questions in the box')
    .option('--allow-modified-data', 'take data files that differ from the published ones, and say so')
    .addOption(
      new Option(
        '--chat <when>',
        'chat template for written answers (default: auto, where the checkpoint has one)',
      ).choices(['auto', 'on', 'off']),
    )
    .option('--max-tokens <n>', 'most tokens of a written answer (default: 1024 for code, 2048 else)', wholeFrom(1))
    .option('--temperature <t>', 'draw written answers instead of taking the best token (default: 0)', number)
    .option('--top-p <p>', 'draw from the fewest tokens whose probabilities reach p', number)
    .option('--top-k <k>', 'draw from the k most probable tokens', wholeFrom(0))
    .option('--min-p <p>', 'draw from tokens at least p times as probable as the best', number)
    .option('--samples <n>', 'written answers to every question, drawn with --temperature (default: 1)', wholeFrom(1))
    .option('--unsafe-exec', 'run generated programs without isolation where there is no sandbox')
    .option('--mtp', "draft written answers with the model's own MTP module; no effect on answers")
    .option('--record-experts', 'write which experts each sample went through, for evalrun compare')
    .option(
      '--shard <i/n>',
      'only share i of n, for "evalrun merge"; "auto" in a Slurm array, "auto/n" in a Kubernetes Indexed Job',
      (text: string) => renderShard(parseShard(text)),
    )
    .option('--batch-tokens <n>', 'tokens per step of the engine; no effect on scores', wholeFrom(1))
    .option(
      '--threads <n>',
      'CPU threads; no effect on scores (default: as many as cores may be kept busy)',
      wholeFrom(1),
    )
    .addOption(
      new Option('--engine <engine>', 'the built-in one, or a server of the OpenAI kind (default: local)').choices([
        'local',
        'openai',
      ]),
    )
    .option('--base-url <url>', 'of the server, e.g. http://localhost:8000/v1; its key is in OPENAI_API_KEY')
    .option('--tokenizer <folder>', "the served model's tokenizer: counted prompts, sent as token ids where possible")
    .option('--concurrency <n>', 'most requests to the server at a time (default: 16)', wholeFrom(1))
    .option('--request-timeout <s>', 'seconds that one answer of the server may take (default: 600)', number)
    .option('--resume <run>', 'go on with the run in this folder')
    .option(
      '--verify-prefix <n>',
      'score n samples again without prefix sharing; exit 4 on any different bit',
      wholeFrom(1),
    )
    .option('-v, --verbose', 'every subject in the table')
    .option('-q, --quiet', 'no progress and no notices')
    .option('--no-report', 'do not write report.html into the run folder')
    .option('--json', 'one JSON object on stdout, everything else on stderr');
}

function whole(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const value = whole(text);
    if (value < least) throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
    return value;
  };
}

function list(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) throw new InvalidArgumentError('Expected names separated by commas.');
  return items;
}

/** `--suite a --suite b` is `--suite a,b`. */
function names(text: string, before: string | undefined): string {
  return before === undefined ? text : `${before},${text}`;
}
