/** The content security policy of a page: its own scripts and styles by hash, and nothing from anywhere. */
import { createHash } from 'node:crypto';

export interface PolicyParts {
  readonly scripts: readonly string[];
  readonly styles: readonly string[];
  /** KaTeX places its boxes by style attributes. */
  readonly styleAttributes: boolean;
  /** A page of `evalrun view` reads news from the server that it came from. */
  readonly connects: boolean;
}

/** For a `<meta http-equiv="Content-Security-Policy">`; hashes are over the elements' exact text. */
export function contentPolicy({ scripts, styles, styleAttributes, connects }: PolicyParts): string {
  return [
    "default-src 'none'",
    `script-src ${sources(scripts)}`,
    `style-src ${sources(styles)}`,
    ...(styleAttributes ? ["style-src-attr 'unsafe-inline'"] : []),
    ...(connects ? ["connect-src 'self'"] : []),
    'img-src data:',
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function sources(texts: readonly string[]): string {
  if (texts.length === 0) return "'none'";
  return texts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ');
}
