/** What a repository on the hub holds, by the package @huggingface/hub over our own requests. */
import { listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import { FinalFailure, httpFailure, type RetryOptions, withRetries } from '../../datasets/retry.js';
import { EvalrunError } from '../../errors.js';
import { type HubFetch, readBounded } from './hub-fetch.js';
import { isCommit, type ModelName, renderModelName } from './model-name.js';

export interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 where the hub stores the file apart (LFS, Xet), else git's hash of its content. */
  readonly hash: string;
  readonly hashKind: 'sha256' | 'git-blob';
}

export interface RepositoryListing {
  readonly commit: string;
  /** Files of the top folder whose names cannot lead out of a folder. */
  readonly files: readonly RemoteFile[];
}

const MOST_REQUESTS = 200;
const MOST_BYTES = 64 << 20;
/** A bare name: no separators, nothing hidden, no control characters, on any system. */
const BARE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

const bytes = z.int().nonnegative();
const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: bytes,
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: bytes }).optional(),
});

/**
 * The commit that the revision is now, and the files of its top folder.
 *
 * @throws EvalrunError network/listing when the answer is no listing; else what the network threw
 */
export async function listRepository(
  name: ModelName,
  { endpoint, fetch, ...retry }: { readonly endpoint: string; readonly fetch: HubFetch } & RetryOptions,
): Promise<RepositoryListing> {
  // The package sends a token wherever a listing's next page is, so that it is never given one; `fetch` adds it.
  const hub = (isShape: (value: unknown) => boolean) => ({
    hubUrl: endpoint,
    fetch: boundedFetch(fetch, {
      ...retry,
      check: (text) => {
        if (!isShape(parseOrNull(text))) throw bad('an answer of another form');
      },
    }),
  });
  const bad = (found: string) =>
    new EvalrunError('network/listing', {
      what: `${endpoint} did not answer with a listing of ${renderModelName(name)}`,
      found,
      todo: 'check HF_ENDPOINT and whether a proxy answers in its place',
    });
  const { sha } = await modelInfo({
    name: name.repository,
    revision: name.revision,
    additionalFields: ['sha'],
    ...hub((value) => typeof value === 'object' && value !== null),
  });
  if (typeof sha !== 'string' || !isCommit(sha)) throw bad('no commit');
  const files = new Map<string, RemoteFile>();
  for await (const entry of listFiles({ repo: name.repository, revision: sha, ...hub(Array.isArray) })) {
    if (entry?.type !== 'file' || typeof entry.path !== 'string' || !BARE_NAME.test(entry.path)) continue;
    const parsed = entrySchema.safeParse(entry);
    if (!parsed.success) throw bad(`${entry.path} without its size or hash`);
    if (files.has(entry.path)) throw bad(`${entry.path} twice`);
    files.set(entry.path, remoteFile(parsed.data));
  }
  return { commit: sha, files: [...files.values()] };
}

function remoteFile({ path, size, oid, lfs }: z.infer<typeof entrySchema>): RemoteFile {
  return lfs === undefined
    ? { name: path, bytes: size, hash: oid, hashKind: 'git-blob' }
    : { name: path, bytes: lfs.size, hash: lfs.oid, hashKind: 'sha256' };
}

/** `fetch` in the form that the package wants, with an end to how often and how much is read. */
function boundedFetch(
  fetch: HubFetch,
  { check, ...retry }: RetryOptions & { readonly check: (text: string) => void },
): typeof globalThis.fetch {
  let requests = 0;
  let bytesLeft = MOST_BYTES;
  return async (input) => {
    requests += 1;
    if (requests > MOST_REQUESTS) throw new FinalFailure(`a listing of more than ${MOST_REQUESTS} pages`);
    const { text, link } = await withRetries(async () => {
      const response = await fetch(String(input), { accept: 'application/json' }, retry.signal);
      if (!response.ok) {
        await response.body?.cancel();
        throw httpFailure(response);
      }
      return { text: await readBounded(response, bytesLeft), link: response.headers.get('link') };
    }, retry);
    check(text);
    bytesLeft -= Buffer.byteLength(text);
    return new Response(text, link === null ? {} : { headers: { link } });
  };
}

/** A proxy's page for logging in is no JSON. */
function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
