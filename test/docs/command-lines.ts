/** Command lines in documents: every `evalrun ...` of a piece of shell, and whether its options exist. */
import type { Command } from 'commander';
import { addRunOptions } from '../../cli/run-options.js';

/** The arguments of every `evalrun` in a piece of shell, as far as such lines go: quotes, variables, redirections. */
export function evalrunCalls(shell: string, values: Readonly<Record<string, string>>): string[][] {
  return shell
    .replace(/\\\n\s*/g, ' ')
    .split(/\n|&&|\|\|?|;/)
    .flatMap((line) => /(?:^|\s)(?:npx )?evalrun (.*)$/.exec(line)?.[1] ?? [])
    .map((text) =>
      text
        .replace(/\s*>.*$/, '')
        .replace(/\$\{(\w+):\+([^}]*)\}/g, (_, name: string, then: string) => (values[name] ? then : ''))
        .replace(/"?\$(\w+)"?/g, (_, name: string) => values[name] ?? `UNSET-${name}`)
        .split(/\s+/)
        .filter((word) => word !== ''),
    );
}

export function distinct(calls: readonly string[][]): string[][] {
  return [...new Map(calls.map((args) => [args.join(' '), args])).values()];
}

/** The subcommand with its options and without its effect. */
async function commandOf(first: string): Promise<Command> {
  if (first.startsWith('-')) {
    const { Command } = await import('commander');
    return addRunOptions(new Command('run'));
  }
  const module = (await import(`../../cli/${first}.js`)) as Readonly<Record<string, () => Command>>;
  const make = module[`${first}Command`];
  if (make === undefined) throw new Error(`cli/${first}.js has no ${first}Command`);
  return make();
}

/** Throws what the command line says of these arguments; nothing is run. */
export async function checkCall(args: readonly string[]): Promise<void> {
  const [first = ''] = args;
  const command = await commandOf(first);
  let isRun = false;
  const disarm = (each: Command) => {
    each.exitOverride().configureOutput({ outputError: () => {} });
    if (each.commands.length === 0) {
      each.action(() => {
        isRun = true;
      });
    }
    each.commands.forEach(disarm);
  };
  disarm(command);
  await command.parseAsync([...(first.startsWith('-') ? args : args.slice(1))], { from: 'user' });
  if (!isRun) throw new Error(`evalrun ${args.join(' ')} does nothing`);
}

/** What a document shows as shell: indented lines and fenced blocks, without comments behind a command. */
export function shellIn(markdown: string): string {
  return [...markdown.matchAll(/^ {4}(.*)$|^```(?:sh|bash)\n([\s\S]*?)^```/gm)]
    .map(([, line, block]) => line ?? block ?? '')
    .join('\n')
    .replace(/\s#\s.*$/gm, '');
}
