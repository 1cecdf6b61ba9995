/** Names of models on the hub, `org/name` or `org/name@revision`, and of their folders in the cache. */
import { EvalrunError } from '../../errors.js';

export interface ModelName {
  /** `org/name` */
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

const PART = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?$/;
/** A revision is a path below refs/ and in addresses: no segment may lead anywhere else. */
const REVISION = /^(?!.*(?:\.\.|\/\/))[A-Za-z0-9_](?:[A-Za-z0-9_.+/-]{0,198}[A-Za-z0-9_+])?$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** The name that `text` is, or undefined when it has another form. */
export function parseModelName(text: string): ModelName | undefined {
  const [repository = '', revision = 'main', ...rest] = text.split('@');
  const parts = repository.split('/');
  if (rest.length > 0 || parts.length !== 2 || !parts.every((part) => PART.test(part) && !part.endsWith('.git'))) {
    return undefined;
  }
  return isRevision(revision) ? { repository, revision } : undefined;
}

/**
 * The name that `text` is, at `revision` where one is given apart.
 *
 * @throws EvalrunError usage/model-name, usage/revision
 */
export function requireModelName(text: string, revision?: string): ModelName {
  const name = parseModelName(text);
  if (name === undefined) {
    throw new EvalrunError('usage/model-name', {
      what: `${JSON.stringify(text)} is not the name of a model on the hub`,
      expected: 'org/name or org/name@revision, e.g. deepseek-ai/DeepSeek-V2-Lite',
    });
  }
  if (revision === undefined) return name;
  if (!isRevision(revision) || text.includes('@')) {
    throw new EvalrunError('usage/revision', {
      what: `${JSON.stringify(revision)} cannot be the revision of ${text}`,
      expected: 'one branch, tag or commit',
    });
  }
  return { ...name, revision };
}

/** `org/name`, with `@revision` where that is not main. */
export function renderModelName({ repository, revision }: ModelName): string {
  return revision === 'main' ? repository : `${repository}@${revision}`;
}

export function isCommit(text: string): boolean {
  return COMMIT.test(text);
}

function isRevision(text: string): boolean {
  return (
    REVISION.test(text) && text.split('/').every((segment) => !segment.startsWith('.') && !/\.lock$/.test(segment))
  );
}

/** `org/name` -> `models--org--name` */
export function cacheFolderName(repository: string): string {
  return ['models', ...repository.split('/')].join('--');
}

/** `models--org--name` -> `org/name`; undefined for other folders. Models of old have no organisation. */
export function repositoryOf(folderName: string): string | undefined {
  const [kind, ...parts] = folderName.split('--');
  return kind === 'models' && parts.length <= 2 && parts.length > 0 && parts.every((part) => PART.test(part))
    ? parts.join('/')
    : undefined;
}
