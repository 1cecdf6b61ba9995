/** Puts a program together from a HumanEval prompt and what a chat model answered, and says which branch did it. */
import { fencedBlocks } from './fenced-blocks.js';

export type AssemblyBranch =
  | 'fenced-function' // a fenced block defines the function
  | 'fenced-body' // a fenced block is the function's body
  | 'fenced-other' // a fenced block is neither
  | 'raw-function' // no fence; the text itself defines the function
  | 'raw-body'; // no fence; the text is the function's body

export interface Assembly {
  readonly program: string;
  /** The code that was taken from the answer. */
  readonly code: string;
  readonly branch: AssemblyBranch;
}

/**
 * The program that an answer stands for: the last fenced block that defines the function, else the last block, else the whole
 * text. Code that defines the function comes behind the prompt's imports and helper functions, which it may define again; an
 * indented body comes behind the whole prompt. Undefined for a text without code.
 */
export function assemblePython(
  problem: { readonly prompt: string; readonly entryPoint: string },
  output: string,
): Assembly | undefined {
  const text = output.replace(/\r\n?/g, '\n');
  const { prompt, entryPoint } = problem;
  const blocks = fencedBlocks(text).filter((block) => block.trim() !== '');
  const defining = blocks.findLast((block) => defines(block, entryPoint));
  if (defining !== undefined) return withContext(problem, defining, 'fenced-function');
  const last = blocks.at(-1);
  if (last !== undefined) {
    if (isBody(last)) return { program: prompt + spaced(last), code: last, branch: 'fenced-body' };
    return withContext(problem, last, 'fenced-other');
  }
  if (defines(text, entryPoint)) return withContext(problem, text, 'raw-function');
  if (isBody(text)) return { program: prompt + spaced(text), code: text, branch: 'raw-body' };
  return undefined;
}

function defines(code: string, entryPoint: string): boolean {
  return new RegExp(`^(?:(?:async[ \\t]+)?def|class)[ \\t]+${entryPoint}\\b|^${entryPoint}[ \\t]*[:=]`, 'm').test(code);
}

/** Whether every line is indented, blank lines aside, as what follows a signature and a docstring is. */
function isBody(code: string): boolean {
  const lines = code.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 && /^[ \t]/.test(lines[0] ?? '') && lines.every((line) => /^[ \t]/.test(line));
}

/** The prompt's docstring is indented with spaces; Python refuses tabs beside them. */
function spaced(body: string): string {
  return body.replace(/^[ \t]+/gm, (indent) => indent.replaceAll('\t', '    '));
}

const FUTURE = /^from[ \t]+__future__[ \t]+import[^\n]*\n?/gm;

/** What the prompt has before the function, imports and helpers, and then the code: a later definition wins. */
function withContext(
  { prompt, entryPoint }: { prompt: string; entryPoint: string },
  code: string,
  branch: AssemblyBranch,
): Assembly {
  const signature = new RegExp(`^(?:async +)?def +${entryPoint}\\b`, 'm').exec(prompt);
  const context = prompt.slice(0, signature?.index ?? 0);
  // Python takes these only before everything else.
  const future = (code.match(FUTURE) ?? []).map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
  return { program: `${future}${context}\n${code.replace(FUTURE, '')}`, code, branch };
}
