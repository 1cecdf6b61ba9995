/** What has to be known of a language with braces to find a function in an answer and to put a program around it. */
import type { MulLanguage } from '../../datasets/mul-problem.js';

export type BraceLanguage = Exclude<MulLanguage, 'python'>;

export interface CodeSyntax {
  /** Matches where code defines a function of that name. */
  readonly definition: (name: string) => RegExp;
  /** Lines that belong at the top of a file: imports and what else the prompt has before its function. */
  readonly isHeader: RegExp;
  /** Whether functions belong into `class Problem`. */
  readonly inClass: boolean;
  /** What the published test closes at its beginning, after a continuation that was cut. */
  readonly closing: string;
  /** Comments and texts, in which braces count for nothing; undefined where they cannot be told apart so easily. */
  readonly ignored?: RegExp;
}

const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/;
const texts = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/;
const ignored = new RegExp(`${comments.source}|${texts.source}`, 'g');
const ignoredInScripts = new RegExp(`${ignored.source}|\`(?:\\\\.|[^\`\\\\])*\``, 'g');

/** A name, parameters, and a body: not a call, and not a declaration. */
const withBody = (name: string) =>
  new RegExp(`[\\w>\\]&*][\\s&*]+${name}\\s*\\([^;{}]*\\)\\s*(?:const\\s*|throws\\s+[\\w.,\\s]+)?\\{`);
/** Also what is assigned to a name. */
const scriptFunction = (name: string) =>
  new RegExp(`\\bfunction\\s*\\*?\\s+${name}\\s*[(<]|\\b(?:const|let|var)\\s+${name}\\s*[:=]`);

export const codeSyntax: Readonly<Record<BraceLanguage, CodeSyntax>> = {
  cpp: { definition: withBody, isHeader: /^\s*#|^\s*using\s+namespace\b/, inClass: false, closing: '\n}\n', ignored },
  java: {
    definition: withBody,
    isHeader: /^\s*(?:import|package)\s[^;]*;/,
    inClass: true,
    closing: '\n    }\n}\n',
    ignored,
  },
  cs: {
    definition: (name) => new RegExp(`${withBody(name).source}|\\s${name}\\s*\\([^;{}]*\\)\\s*=>`),
    isHeader: /^\s*using\s+(?:static\s+)?[\w.]+(?:\s*=\s*[\w.<>]+)?\s*;/,
    inClass: true,
    closing: '\n    }\n}\n',
    ignored,
  },
  js: { definition: scriptFunction, isHeader: /(?!)/, inClass: false, closing: '', ignored: ignoredInScripts },
  ts: { definition: scriptFunction, isHeader: /(?!)/, inClass: false, closing: '', ignored: ignoredInScripts },
  php: {
    definition: (name) => new RegExp(`\\bfunction\\s+&?${name}\\s*\\(`, 'i'),
    isHeader: /^<\?php\s*$/,
    inClass: false,
    closing: '',
    ignored,
  },
  // A # begins a comment, or does not, and quotes reach over lines.
  sh: {
    definition: (name) => new RegExp(`^\\s*(?:function\\s+${name}\\b|${name}\\s*\\(\\s*\\))`, 'm'),
    isHeader: /^#!/,
    inClass: false,
    closing: '\n}\n',
  },
};
