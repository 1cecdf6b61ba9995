/** The signature at the end of a prompt: what the stand-in of the function must look like in a language with types. */
import { EvalrunError } from '../../../errors.js';

export interface Signature {
  /** As written, e.g. `std::vector<long>`. */
  readonly returns: string;
  /** Names of the parameters. */
  readonly parameters: readonly string[];
}

/**
 * @example parseSignature('// adds\nlong add(long x, std::map<int, int> y) {\n', 'add') // { returns: 'long', parameters: ['x', 'y'] }
 *
 * @throws EvalrunError `suite/signature` for a prompt that does not end with the function's opening line
 */
export function parseSignature(prompt: string, entryPoint: string): Signature {
  const last = prompt.trimEnd().split('\n').at(-1) ?? '';
  const match = /^\s*(?:(?:public|static|inline)\s+)*(.*?)\s*\b(\w+)\s*\((.*)\)\s*\{$/.exec(last);
  if (match === null || match[2] !== entryPoint) {
    throw new EvalrunError('suite/signature', {
      what: `the prompt of ${entryPoint} does not end with the opening line of that function`,
      expected: `a line such as "long ${entryPoint}(long x) {"`,
      found: JSON.stringify(last),
    });
  }
  const parameters = splitList(match[3] ?? '').map((parameter) => /(\w+)\s*$/.exec(parameter)?.[1] ?? '');
  return { returns: match[1] ?? '', parameters };
}

/** At commas outside of angle brackets. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if (character === '<') depth += 1;
    if (character === '>') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return part.trim() === '' ? parts : [...parts, part];
}
