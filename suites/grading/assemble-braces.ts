/** Puts a program of a language with braces together from a prompt and an answer, and says which branch did it. */
import { type BraceLanguage, type CodeSyntax, codeSyntax } from './code-syntax.js';
import { fencedBlocks } from './fenced-blocks.js';

export type BraceBranch =
  | 'fenced-function' // a fenced block defines the function
  | 'fenced-function-closed' // the same, and braces at its end were missing
  | 'fenced-method' // a fenced block defines it outside of class Problem
  | 'fenced-body' // a fenced block is the function's body
  | 'fenced-other' // a fenced block is neither
  | 'raw-function' // no fence; the text itself defines the function
  | 'raw-body' // no fence; the text is the function's body
  | 'completion'; // the prompt was continued

export interface BraceAssembly {
  readonly program: string;
  /** The code that was taken from the answer. */
  readonly code: string;
  readonly branch: BraceBranch;
}

export interface BraceProblem {
  readonly language: BraceLanguage;
  readonly prompt: string;
  readonly entryPoint: string;
}

/** The prompt and its continuation, with the braces that the published test closes after it. */
export function assembleContinuation({ language, prompt }: BraceProblem, text: string): BraceAssembly {
  return { program: `${prompt}${text}${codeSyntax[language].closing}`, code: text, branch: 'completion' };
}

/**
 * The program that a chat answer stands for: the last fenced block that defines the function, else the last block, else the whole
 * text. Imports of the prompt that the code lacks come before it; a function outside of `class Problem` is put into one; an
 * indented body comes behind the whole prompt. Braces that are missing at the end are added. Undefined for a text without code.
 */
export function assembleBraces(problem: BraceProblem, output: string): BraceAssembly | undefined {
  const text = output.replace(/\r\n?/g, '\n');
  const blocks = fencedBlocks(text).filter((block) => block.trim() !== '');
  const definition = codeSyntax[problem.language].definition(problem.entryPoint);
  const defining = blocks.findLast((block) => definition.test(block));
  if (defining !== undefined) return withContext(problem, defining, 'fenced-function');
  const last = blocks.at(-1);
  if (last !== undefined) {
    return isBody(last) ? asBody(problem, last, 'fenced-body') : withContext(problem, last, 'fenced-other');
  }
  if (definition.test(text)) return withContext(problem, text, 'raw-function');
  return isBody(text) ? asBody(problem, text, 'raw-body') : undefined;
}

/** Whether every line is indented, blank ones and a closing brace aside, as what follows the opening line of a function is. */
function isBody(code: string): boolean {
  const lines = code.split('\n').filter((line) => line.trim() !== '' && line.trim() !== '}');
  return lines.length > 0 && lines.every((line) => /^[ \t]/.test(line));
}

function asBody({ language, prompt }: BraceProblem, code: string, branch: BraceBranch): BraceAssembly {
  const syntax = codeSyntax[language];
  const program = `${prompt}${code}`;
  // In a shell script braces cannot be counted: a body there ends with its own, or has none.
  const ends = syntax.ignored === undefined ? !/^\}\s*$/m.test(code) : false;
  return { program: ends ? `${program}\n}\n` : closed(program, syntax).code, code, branch };
}

function withContext(problem: BraceProblem, code: string, branch: BraceBranch): BraceAssembly {
  const { language, prompt, entryPoint } = problem;
  const syntax = codeSyntax[language];
  const lines = (language === 'php' ? code.replace(/\?>\s*$/, '') : code).split('\n');
  const own = lines.filter((line) => syntax.isHeader.test(line)).map((line) => line.trim());
  const header = prompt.split('\n').filter((line) => syntax.isHeader.test(line) && !own.includes(line.trim()));
  // PHP's opening tag and a script's first line come once, whoever brings them.
  const body =
    syntax.inClass || language === 'php' || language === 'sh'
      ? lines.filter((line) => !syntax.isHeader.test(line))
      : lines;
  const kept = syntax.inClass ? own : [];
  const opened =
    language === 'php' || language === 'sh' ? prompt.split('\n').filter((line) => syntax.isHeader.test(line)) : header;
  const balanced = closed(body.join('\n'), syntax);
  const found = branch === 'fenced-function' && balanced.added > 0 ? 'fenced-function-closed' : branch;
  const top = [...opened, ...kept, ...unions(problem, code)].map((line) => `${line}\n`).join('');
  if (!syntax.inClass) return { program: `${top}${balanced.code}`, code, branch: found };
  const inside = intoProblem(balanced.code, syntax.definition(entryPoint));
  const isMethod = found === 'fenced-function' && inside.moved;
  return { program: `${top}${inside.code}`, code, branch: isMethod ? 'fenced-method' : found };
}

/** Types that a C++ prompt defines before its function, unless the answer repeats them. */
function unions({ language, prompt }: BraceProblem, code: string): string[] {
  if (language !== 'cpp') return [];
  const found = prompt.match(/^(?:union|struct)\s+\w+\s*\{[\s\S]*?^\};/gm) ?? [];
  return found.filter(
    (text) => !new RegExp(`\\b(?:union|struct)\\s+${/\w+(?=\s*\{)/.exec(text)?.[0]}\\s*\\{`).test(code),
  );
}

/** The code with its function in `class Problem`: another class around it takes that name, and one without a class gets it. */
function intoProblem(code: string, definition: RegExp): { code: string; moved: boolean } {
  const at = definition.exec(code)?.index ?? 0;
  const around = [...code.slice(0, at).matchAll(/\b(?:class|struct)\s+(\w+)/g)].map(([, name = '']) => name);
  if (around.includes('Problem')) return { code, moved: false };
  const nearest = around.at(-1);
  if (nearest === undefined) return { code: `class Problem {\n${code}\n}\n`, moved: true };
  return { code: code.replace(new RegExp(`\\b${nearest}\\b`, 'g'), 'Problem'), moved: true };
}

/** The most braces that an answer may have forgotten: more are missing from one that was cut off. */
const mostMissing = 3;

function closed(code: string, { ignored }: CodeSyntax): { code: string; added: number } {
  if (ignored === undefined) return { code, added: 0 };
  const bare = code.replace(ignored, '');
  const missing = (bare.match(/\{/g)?.length ?? 0) - (bare.match(/\}/g)?.length ?? 0);
  if (missing <= 0 || missing > mostMissing) return { code, added: 0 };
  return { code: `${code}\n${'}\n'.repeat(missing)}`, added: missing };
}
