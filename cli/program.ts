/** Finds the subcommand, runs it, and turns what it throws into one paragraph and an exit code. */
import { Command, CommanderError } from 'commander';
import { nearestTo } from '../datasets/nearest-name.js';
import { EvalrunError } from '../errors.js';
import { version } from '../package-root.js';
import { exitCodeOf, renderFailure } from './failure.js';
import { type CliParts, shippedParts } from './parts.js';
import { addRunOptions, type RunFlags } from './run-options.js';

interface LazyCommand {
  readonly summary: string;
  readonly load: (parts: CliParts) => Promise<Command>;
}

/** Loaded only when asked for, so that each command starts as fast as its own modules. */
const commands: Readonly<Record<string, LazyCommand>> = {
  run: { summary: 'run suites on a model; the default', load: async (parts) => runCommand(parts) },
  rescore: {
    summary: 'compute metrics.json of a run again',
    load: async () => (await import('./rescore.js')).rescoreCommand(),
  },
  compare: {
    summary: 'two runs of the same questions, sample by sample',
    load: async (parts) => (await import('./compare.js')).compareCommand(parts),
  },
  gate: {
    summary: 'may this run replace a baseline: 0 yes, 1 no, 2 cannot tell',
    load: async () => (await import('./gate.js')).gateCommand(),
  },
  report: {
    summary: 'pages, PNG charts and Markdown of runs',
    load: async () => (await import('./report.js')).reportCommand(),
  },
  merge: {
    summary: 'put the shards of a run together',
    load: async () => (await import('./merge.js')).mergeCommand(),
  },
  claims: {
    summary: "DeepSeek-V3's published statements beside what was measured here",
    load: async () => (await import('./claims.js')).claimsCommand(),
  },
  show: {
    summary: 'print a prompt, its tokens, and where the answer will be read',
    load: async (parts) => (await import('./show.js')).showCommand(parts),
  },
  data: {
    summary: 'list, pull, verify and import datasets',
    load: async () => (await import('./data.js')).dataCommand(),
  },
  models: {
    summary: 'list models on this machine, and pull them from the Hugging Face hub',
    load: async (parts) => (await import('./models.js')).modelsCommand(parts),
  },
  inspect: {
    summary: 'parameters, KV-cache bytes and memory of a model',
    load: async () => (await import('./inspect.js')).inspectCommand(),
  },
  quantize: {
    summary: 'convert a checkpoint to block-scaled FP8, or back to BF16',
    load: async () => (await import('./quantize.js')).quantizeCommand(),
  },
  bench: {
    summary: "measure this machine's limits, and a model's prompts and decoding against them",
    load: async (parts) => (await import('./bench.js')).benchCommand(parts),
  },
  logits: {
    summary: 'write the logits of given token ids to a file',
    load: async () => (await import('./logits.js')).logitsCommand(),
  },
  complete: {
    summary: 'continue a text or token ids',
    load: async () => (await import('./complete.js')).completeCommand(),
  },
  grade: {
    summary: 'grade answers to a mathematics suite that were made elsewhere',
    load: async () => (await import('./grade.js')).gradeCommand(),
  },
  equal: {
    summary: 'is an answer equal to a key, and by which rule',
    load: async () => (await import('./equal.js')).equalCommand(),
  },
  sandbox: {
    summary: 'test the sandbox that runs generated code',
    load: async () => (await import('./sandbox.js')).sandboxCommand(),
  },
  doctor: {
    summary: 'what this machine has, what evalrun will use, what to install',
    load: async () => (await import('./doctor.js')).doctorCommand(),
  },
};

/** Runs the command line `args` (without node and script) and returns the process's exit code. */
export async function main(args: readonly string[], parts: CliParts = shippedParts): Promise<number> {
  try {
    const [command, rest] = await chooseCommand(args, parts);
    prepare(command);
    await command.parseAsync([...rest], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    // `--help` and `--version` have printed what they had to.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    process.stderr.write(`${renderFailure(error)}\n`);
    return exitCodeOf(error);
  }
}

async function chooseCommand(args: readonly string[], parts: CliParts): Promise<[Command, readonly string[]]> {
  const [first, ...rest] = args;
  if (first === 'help') return chooseCommand([...rest, '--help'], parts);
  if (first === undefined) {
    throw new EvalrunError('usage/nothing', {
      what: 'There is nothing to do',
      todo: 'name a suite, e.g. "evalrun --suite mmlu", or see "evalrun --help"',
    });
  }
  if (first.startsWith('-')) return [rootCommand(parts), args];
  const known = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (known === undefined) {
    const names = Object.keys(commands);
    throw new EvalrunError('usage/unknown-command', {
      what: `There is no command "${first}"`,
      expected: `one of ${names.join(', ')}, or options such as --suite mmlu`,
      todo: `the nearest name is "${nearestTo(first, names)}"`,
    });
  }
  return [(await known.load(parts)).name(`evalrun ${first}`), rest];
}

function rootCommand(parts: CliParts): Command {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  const list = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return runCommand(parts)
    .name('evalrun')
    .usage('--suite NAMES [options] | evalrun COMMAND [options]')
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', `\nCommands ("evalrun COMMAND --help" for each):\n${list.join('\n')}`);
}

function runCommand(parts: CliParts): Command {
  const command = new Command('run').description(
    'Runs benchmark suites on a model and leaves a run folder with every answer and its score.',
  );
  return addRunOptions(command).action(async (flags: RunFlags) => {
    await (await import('./run.js')).run(flags, parts);
  });
}

/** Commander's own messages are printed as all others are. */
function prepare(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const sub of command.commands) prepare(sub);
}
