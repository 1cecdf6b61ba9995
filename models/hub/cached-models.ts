/** The models in the cache: all of them for a list, or one by its name. */
import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { CacheRepository } from './cache-repository.js';
import { type ModelNeed, missingFiles } from './missing-files.js';
import { isCommit, type ModelName, repositoryOf } from './model-name.js';

export interface CachedModel {
  /** `org/name` */
  readonly model: string;
  /** Null where a pull has not come to its end. */
  readonly commit: string | null;
  /** Branches and tags that were this commit when they were pulled. */
  readonly refs: readonly string[];
  /** On disk; blobs that two commits share count for both. */
  readonly bytes: number;
  readonly complete: boolean;
  /** What it lacks for a run. */
  readonly missing: readonly string[];
  /** The checkpoint folder; null as `commit` is. */
  readonly folder: string | null;
}

export interface FoundModel {
  readonly folder: string;
  readonly commit: string;
  readonly missing: readonly string[];
}

/** The snapshot of `name`, and what it lacks; undefined when the cache knows no such revision. */
export async function findCached(cache: string, name: ModelName, need: ModelNeed): Promise<FoundModel | undefined> {
  const repository = new CacheRepository(cache, name.repository);
  const commit = await repository.commitOf(name.revision);
  if (commit === undefined) return undefined;
  const folder = repository.snapshot(commit);
  return existsSync(folder) ? { folder, commit, missing: missingFiles(folder, need) } : undefined;
}

/** Every snapshot of every model, by name. Folders that are no model's are not touched. */
export function listCached(cache: string): CachedModel[] {
  return entriesOf(cache)
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const model = repositoryOf(entry.name);
      return model === undefined ? [] : snapshotsOf(model, path.join(cache, entry.name));
    })
    .sort((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : 0));
}

function snapshotsOf(model: string, folder: string): CachedModel[] {
  const refs = [...refsOf(path.join(folder, 'refs'))];
  const commits = entriesOf(path.join(folder, 'snapshots')).filter(
    (entry) => entry.isDirectory() && isCommit(entry.name),
  );
  const snapshots = commits.map(({ name: commit }): CachedModel => {
    const snapshot = path.join(folder, 'snapshots', commit);
    const missing = missingFiles(snapshot, 'run');
    const names = refs.filter(([, at]) => at === commit).map(([ref]) => ref);
    return {
      model,
      commit,
      refs: names,
      bytes: bytesBelow(snapshot),
      complete: missing.length === 0,
      missing,
      folder: snapshot,
    };
  });
  if (snapshots.length > 0) return snapshots;
  const bytes = bytesBelow(path.join(folder, 'blobs'));
  return [
    { model, commit: null, refs: [], bytes, complete: false, missing: ['a pull that came to its end'], folder: null },
  ];
}

function* refsOf(folder: string, prefix = ''): Generator<[ref: string, commit: string]> {
  for (const entry of entriesOf(folder)) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* refsOf(place, `${prefix}${entry.name}/`);
    else if (entry.isFile() && statSync(place).size < 100)
      yield [prefix + entry.name, readFileSync(place, 'utf8').trim()];
  }
}

/** Bytes of the files that the folder holds or links to, each once. */
function bytesBelow(folder: string): number {
  const sizes = new Map<string, number>();
  const visit = (at: string) => {
    for (const entry of entriesOf(at)) {
      const place = path.join(at, entry.name);
      if (entry.isDirectory()) visit(place);
      else if (existsSync(place)) sizes.set(realpathSync(place), statSync(place).size);
    }
  };
  visit(folder);
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Nothing where there is no folder. */
function entriesOf(folder: string): Dirent[] {
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder, { withFileTypes: true }) : [];
}
