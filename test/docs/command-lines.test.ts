import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../../package-root.js';
import { checkCall, distinct, evalrunCalls, shellIn } from './command-lines.js';

const read = (file: string) => readFileSync(path.join(packageRoot, file), 'utf8');
const folder = 'docs/clusters';
const manifests = readdirSync(path.join(packageRoot, folder)).filter((name) => name.endsWith('.yaml'));

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly selector?: object; readonly template?: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly args: readonly string[];
    readonly volumeMounts: readonly { readonly name: string }[];
    readonly env: readonly { readonly name: string }[];
  }[];
  readonly volumes: readonly { readonly name: string }[];
}

const objectsOf = (name: string) =>
  parseAllDocuments(read(path.join(folder, name))).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });

const scripts = (name: string) =>
  objectsOf(name)
    .flatMap(({ spec }) => spec.template?.spec.containers ?? [])
    .flatMap(({ args }) => args)
    .join('\n');

const values = {
  run: 'runs/x',
  shard: 'runs/shard-1',
  OUT: 'out',
  MODEL: 'org/name',
  SUITES: 'mmlu',
  SLURM_CPUS_PER_TASK: '4',
};

const shell: Readonly<Record<string, string>> = {
  'README.md': shellIn(read('README.md')),
  ...Object.fromEntries(
    ['clusters.md', 'gate.md', 'gpu.md', 'serve.md', 'worked-examples.md'].map((name) => [
      name,
      shellIn(read(`docs/${name}`)),
    ]),
  ),
  'slurm-array.sh': read(`${folder}/slurm-array.sh`).replace(/^#(?!SBATCH|!).*$/gm, ''),
  ...Object.fromEntries(manifests.map((name) => [name, scripts(name)])),
};

describe.each(Object.entries(shell))('%s', (_, text) => {
  // In a shell "auto" reads the scheduler's variables.
  // Other programs' lines that only name evalrun, and substitutions that only a shell could read.
  const readable = text.replace(/^.*(?:kubectl |\$\().*$/gm, '');
  const calls = distinct(evalrunCalls(readable, values)).map((args) =>
    args.map((word, i) => (args[i - 1] === '--shard' && word.startsWith('auto') ? '1/4' : word)),
  );
  if (calls.length === 0) return test('shows no evalrun command', () => {});
  test.each(calls.map((args) => [args.join(' '), args] as const))('"evalrun %s" parses', async (_line, args) => {
    await checkCall(args);
  });
});

describe('manifests', () => {
  test.each(manifests)('%s mounts the volumes that it names, and takes its key from a secret', (name) => {
    const objects = objectsOf(name);
    expect(objects.length).toBeGreaterThan(0);
    for (const { apiVersion, kind, metadata, spec } of objects) {
      expect([apiVersion, kind, metadata.name].every((text) => typeof text === 'string' && text !== '')).toBe(true);
      const pod = spec.template?.spec;
      if (pod === undefined) continue;
      const volumes = pod.volumes.map((volume) => volume.name).sort();
      for (const container of pod.containers) {
        expect(container.volumeMounts.map((mount) => mount.name).sort()).toEqual(volumes);
        expect(container.image).toMatch(/^[\w./-]+:[\w.-]+$/);
        expect(JSON.stringify(container.args)).not.toMatch(/sk-|Bearer /);
      }
    }
  });

  test('a service finds the pods of its file', () => {
    for (const name of manifests) {
      const objects = objectsOf(name);
      const services = objects.filter(({ kind }) => kind === 'Service');
      const pods = objects.filter(({ spec }) => spec.template !== undefined);
      if (services.length > 0) expect(pods.length).toBe(1);
    }
  });
});
