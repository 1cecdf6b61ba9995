/** The thread in which a chat template runs; chat-template.ts starts it, bounds it and ends it. */
import { parentPort, workerData } from 'node:worker_threads';
import { Environment, Interpreter, Template } from '@huggingface/jinja';
import type { TemplateAnswer, TemplateJob } from './chat-template.js';

const { source, conversations, variables, maxAddedCharacters } = workerData as TemplateJob;
const answer = (message: TemplateAnswer) => parentPort?.postMessage(message);

try {
  const template = new Template(source);
  for (const messages of conversations) {
    const text = render(template, { messages, add_generation_prompt: true, ...variables });
    const given = messages.reduce((sum, { content }) => sum + content.length, 0);
    if (text.length > given + maxAddedCharacters) {
      answer({ failure: `it adds ${text.length - given} characters to the messages, more than ${maxAddedCharacters}` });
      break;
    }
    answer({ text });
  }
} catch (error) {
  answer({ failure: String((error as Error)?.message ?? error).slice(0, 300) });
}

/** As Template.render does, with the same names in it but `strftime_now`: a prompt must not depend on the day. */
function render({ parsed }: Template, names: Readonly<Record<string, unknown>>): string {
  const environment = new Environment();
  const globals = {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range,
    raise_exception: refuse,
  };
  for (const [name, value] of Object.entries({ ...globals, ...names })) environment.set(name, value);
  return String(new Interpreter(environment).run(parsed).value);
}

function refuse(reason: unknown): never {
  throw new Error(String(reason));
}

/** Python's `range`. */
function range(from: number, to?: number, step = 1): number[] {
  const [start, end] = to === undefined ? [0, from] : [from, to];
  if (step === 0) throw new Error('range() by steps of 0');
  const values: number[] = [];
  for (let value = start; step > 0 ? value < end : value > end; value += step) values.push(value);
  return values;
}
