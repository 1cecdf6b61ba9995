/** A hub for one test file, and pulls from it into homes of their own. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { proxyAgent } from '../../../datasets/network.js';
import { requireModelName } from '../../../models/hub/model-name.js';
import { type PulledModel, type PullModelOptions, pullModel } from '../../../models/hub/pull-model.js';
import { COMMIT, FakeHub, type Intervention } from './fake-hub.js';

export const TOKEN = 'hf_VerySecretToken';

export type Pull = (home: string, options?: Partial<PullModelOptions>, model?: string) => Promise<PulledModel>;

/** Starts the hub before the tests of this file, empties it after each, and stops it at the end. */
export function hubFixture(): { readonly hub: FakeHub; readonly pull: Pull } {
  const hub = new FakeHub();
  const dispatcher = proxyAgent();
  beforeAll(() => hub.start());
  afterEach(() => hub.reset());
  afterAll(async () => {
    await dispatcher.close();
    await hub.stop();
  });
  const pull: Pull = (home, options = {}, model = 'org/name') => {
    const env = { HOME: home, HF_HOME: home, HF_ENDPOINT: hub.endpoint, ...options.env };
    return pullModel(requireModelName(model), { dispatcher, attempts: 2, pauseMs: 1, ...options, env });
  };
  return { hub, pull };
}

export const repositoryIn = (home: string) => path.join(home, 'hub', 'models--org--name');
export const snapshotIn = (home: string) => path.join(repositoryIn(home), 'snapshots', COMMIT);
export const blobsIn = (home: string) => readdirSync(path.join(repositoryIn(home), 'blobs')).sort();

export function isInstalled(home: string): boolean {
  return existsSync(snapshotIn(home)) || existsSync(path.join(repositoryIn(home), 'refs', 'main'));
}

/** Intervenes in requests for this path only. */
export function only(end: string, intervene: Intervention): Intervention {
  return (request, response) => request.path.endsWith(end) && intervene(request, response);
}

export function onCdn(intervene: Intervention): Intervention {
  return (request, response) => request.server === 'cdn' && intervene(request, response);
}
