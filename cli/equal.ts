/** `evalrun equal`: is an answer equal to a key, and by which rule. */
import { Command } from 'commander';
import { z } from 'zod';
import { EvalrunError } from '../errors.js';
import { equal, type Verdict } from '../suites/grading/equal.js';
import { formulaIn } from '../suites/grading/extract.js';
import { readJsonLines } from './json-lines.js';

interface EqualFlags {
  readonly file?: string;
  readonly json?: boolean;
}

const pair = z.object({ gold: z.string(), answer: z.string() });

export function equalCommand(): Command {
  return (
    new Command('equal')
      .description('say whether an answer means the same as a key, and by which rule')
      .argument('[gold]', 'the key: a formula in LaTeX or plain text, or a text that holds one')
      .argument('[answer]', 'the answer, the same')
      .option('--file <pairs>', 'JSON lines {"gold", "answer"} instead of the two arguments')
      .option('--json', 'print one JSON object')
      // -\\frac12 is a formula, not an option.
      .allowUnknownOption()
      .allowExcessArguments(false)
      .action(runEqual)
  );
}

function runEqual(gold: string | undefined, answer: string | undefined, flags: EqualFlags): void {
  const verdicts = pairsOf(gold, answer, flags).map((each) => equalTexts(each.gold, each.answer));
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ pairs: verdicts.map(({ equal: isEqual, rule }) => ({ equal: isEqual, rule })) })}\n`,
    );
    return;
  }
  for (const { equal: isEqual, rule } of verdicts)
    process.stdout.write(`${isEqual ? 'equal' : 'different'} (${rule})\n`);
}

function pairsOf(gold: string | undefined, answer: string | undefined, { file }: EqualFlags) {
  if (file !== undefined && gold === undefined) {
    return readJsonLines(file, pair, '{"gold": text, "answer": text}').map(({ value }) => value);
  }
  if (file === undefined && gold !== undefined && answer !== undefined) return [{ gold, answer }];
  throw new EvalrunError('usage/pairs', {
    what: 'equal needs a key and an answer',
    expected: 'either two formulas or --file PAIRS.jsonl',
    todo: 'put quotes around each formula',
  });
}

function equalTexts(gold: string, answer: string): Verdict {
  const [key, given] = [formulaIn(gold), formulaIn(answer)];
  return key === undefined || given === undefined ? { equal: false, rule: 'unparsed' } : equal(key, given);
}
