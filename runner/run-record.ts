/** run.json: everything that determines a run's result, written before the first sample and read back on resume. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DEVICE_OPTIONS, type DeviceOption, isDeviceOption } from '../engine/device.js';
import { DTYPES } from '../engine/numerics.js';
import { EvalrunError } from '../errors.js';

export const runSchema = 1;

/** What the user asked for; enough to start the same run again. */
const settingsSchema = z.object({
  suites: z.array(z.string()).min(1),
  model: z.string(),
  dtype: z.enum([...DTYPES, 'unknown']),
  device: z.custom<DeviceOption>((value) => typeof value === 'string' && isDeviceOption(value), {
    error: `Expected ${DEVICE_OPTIONS}`,
  }),
  protocol: z.string().nullable(),
  shots: z.int().nonnegative().nullable(),
  limit: z.int().positive().nullable(),
  seed: z.int(),
  subjects: z.array(z.string()).nullable(),
  data: z.string().nullable(),
  allow_modified_data: z.boolean(),
  threads: z.int().positive().nullable(),
  batch_tokens: z.int().positive().nullable(),
  // Of suites with written answers; absent where nothing was asked.
  shots_file: z.string().optional(),
  chat: z.enum(['auto', 'on', 'off']).optional(),
  max_tokens: z.int().positive().optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  top_k: z.int().optional(),
  min_p: z.number().optional(),
  samples: z.int().positive().optional(),
  unsafe_exec: z.boolean().optional(),
  mtp: z.boolean().optional(),
  record_experts: z.boolean().optional(),
  // Of runs on a server.
  engine: z.literal('openai').optional(),
  base_url: z.string().optional(),
  tokenizer: z.string().optional(),
  concurrency: z.int().positive().optional(),
  request_timeout: z.number().positive().optional(),
  /** `3/8`: the third of eight shares. */
  shard: z.string().optional(),
});

/** How the answers of a suite are generated, every default written out. */
const generationSchema = z.object({
  asks: z.enum(['chat', 'completion']),
  /** Of the template's source; null where prompts are plain text. */
  chat_template_sha256: z.string().nullable(),
  /** Only of a server: which endpoint is asked; in a chat its own template applies. */
  endpoint: z.enum(['completions', 'chat']).optional(),
  stop: z.array(z.string()),
  /** The most tokens of an answer, less where the context ends earlier. */
  max_tokens: z.int().positive(),
  /** 0 is greedy. */
  temperature: z.number(),
  top_p: z.number(),
  top_k: z.int(),
  min_p: z.number(),
  /** Answers to each question. */
  samples: z.int().positive(),
  /** Whether answers are programs that are run. */
  executes: z.boolean(),
});

/** What runs generated programs, with the defences that were found live, and what a program may use. */
const sandboxSchema = z.object({
  rung: z.enum(['bubblewrap', 'pyodide', 'unsafe', 'none']),
  bubblewrap: z.string().nullable(),
  /** Absent in runs from before there was that rung. */
  pyodide: z.string().nullable().default(null),
  python: z.string().nullable(),
  packages: z.record(z.string(), z.string()),
  /** Languages besides Python -> version; only where a suite has such. */
  toolchains: z.record(z.string(), z.string()).optional(),
  defences: z.array(z.object({ name: z.string(), live: z.boolean(), essential: z.boolean(), found: z.string() })),
  limits: z.record(z.string(), z.number()),
});

const datasetSchema = z.object({
  id: z.string(),
  source: z.string(),
  licence: z.string(),
  files: z.array(z.object({ path: z.string(), sha256: z.string(), rows: z.int() })),
  deviations: z.array(z.string()),
});

const suiteSchema = z.object({
  suite: z.string(),
  protocol: z.string(),
  version: z.int(),
  shots: z.int(),
  average: z.enum(['micro', 'macro']),
  language: z.enum(['en', 'zh', 'mixed']),
  /** Planned samples of each subject, in plan order. */
  groups: z.record(z.string(), z.int().positive()),
  categories: z.record(z.string(), z.array(z.string())),
  few_shot_ids: z.record(z.string(), z.array(z.string())),
  datasets: z.array(datasetSchema),
  published: z.array(z.object({ model: z.string(), score: z.number(), shots: z.int(), source: z.string() })),
  notes: z.array(z.string()),
  prompt_tokens: z.object({ asked: z.int(), computed: z.int(), shared: z.int() }),
  /** SHA-256 over the sample ids, prompts, continuations and keys, in plan order. */
  prompts_sha256: z.string(),
  /** Only where answers are written. */
  generation: generationSchema.optional(),
  /** Whether subjects ask the same tasks, named by the last part of an id; only where they do. */
  shares_tasks: z.literal(true).optional(),
  /** Languages of programs that this machine cannot run, which were not asked -> why; only where there are such. */
  languages_missing: z.record(z.string(), z.string()).optional(),
});

/** Which part of a run this is, and what the whole is. */
const shardSchema = z.object({
  index: z.int().positive(),
  count: z.int().positive(),
  /** By suite: first place and number of each stretch of the whole plan that is asked here. */
  places: z.record(z.string(), z.array(z.tuple([z.int().nonnegative(), z.int().positive()]))),
  /** Records of the whole suites. */
  suites: z.array(suiteSchema).min(1),
});

/** What a server says it is, and how it was found to behave before the first sample. */
const remoteSchema = z.object({
  base_url: z.string(),
  /** Its entry of /v1/models, as JSON. */
  entry: z.string().nullable(),
  /** Its `server` header. */
  server: z.string().nullable(),
  /** Of vLLM or SGLang, as their own endpoints tell it. */
  version: z.string().nullish(),
  system_fingerprint: z.string().nullable(),
  abilities: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** One question alone and in a crowd. */
  determinism: z.object({ asked: z.int(), equal: z.boolean(), largest_difference: z.number().nullable() }).nullable(),
});

const recordSchema = z.object({
  schema: z.literal(runSchema),
  id: z.string(),
  /** UTC, ISO 8601. */
  created: z.string(),
  command: z.array(z.string()),
  evalrun: z.object({ version: z.string(), commit: z.string().nullable() }),
  settings: settingsSchema,
  model: z.object({
    name: z.string(),
    type: z.string(),
    random: z.boolean(),
    weight_fingerprint: z.string(),
    tokenizer_sha256: z.string(),
    total_parameters: z.number(),
    active_parameters: z.number(),
    context_length: z.int(),
    vocab_size: z.int(),
  }),
  engine: z.object({
    kind: z.enum(['local', 'remote']),
    dtype: z.enum([...DTYPES, 'unknown']),
    device: z.string(),
    device_reason: z.string(),
    threads: z.int(),
    kernels: z.record(z.string(), z.string()),
    numerics: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    remote: remoteSchema.optional(),
    /** What one token leaves in the KV cache, and what it would with keys and values for every head; absent in older runs. */
    kv_bytes_per_token: z.number().positive().optional(),
    mha_bytes_per_token: z.number().positive().optional(),
  }),
  suites: z.array(suiteSchema).min(1),
  /** Only where programs are run. */
  sandbox: sandboxSchema.optional(),
  /** Only where this is a part of a run. */
  shard: shardSchema.optional(),
  /** Ids of the shards that were put together, in order. */
  merged_from: z.array(z.string()).optional(),
  /** SHA-256 over the parts of this file that determine the result; see fingerprint.ts. */
  fingerprint: z.string(),
});

export type RunSettings = z.infer<typeof settingsSchema>;
export type GenerationRecord = z.infer<typeof generationSchema>;
export type SandboxRecord = z.infer<typeof sandboxSchema>;
export type ShardRecord = z.infer<typeof shardSchema>;
export type SuiteRecord = z.infer<typeof suiteSchema>;
export type RunRecord = z.infer<typeof recordSchema>;

/** Text of run.json to a RunRecord. Throws `run/record` naming the first field that is not as it should be. */
export function parseRunRecord(text: string, file: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(file, 'text that is not JSON', cause);
  }
  const parsed = recordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(file, `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'an unknown defect'}`, parsed.error);
}

/** Reads run.json. Throws `run/not-found` when the folder holds no run. */
export async function loadRunRecord(file: string): Promise<RunRecord> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new EvalrunError('run/not-found', {
      what: `There is no run at ${file}`,
      expected: 'the run.json that a run writes before its first sample',
      found: (cause as NodeJS.ErrnoException).code ?? String(cause),
      todo: 'give the folder of a run, e.g. runs/20260131-120000-mmlu-nano, or start a new run without --resume',
      cause,
    });
  }
  return parseRunRecord(text, file);
}

function damaged(file: string, found: string, cause: unknown): EvalrunError {
  return new EvalrunError('run/record', {
    what: `${file} is damaged or comes from another version of evalrun`,
    expected: `a run record of schema ${runSchema}`,
    found,
    todo: 'start a new run, or use the version of evalrun that wrote it',
    cause,
  });
}
