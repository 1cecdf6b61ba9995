/** Reads samples.jsonl whole, or line by line where nothing needs all of them at once, and puts it in order. */
import { createReadStream } from 'node:fs';
import { EvalrunError } from '../errors.js';
import { writeAtomically } from './disk.js';
import { copyStretches, type Stretch } from './file-stretches.js';
import { type ChoiceLine, isChoice, keyOf, parseSampleLine, type SampleLine } from './sample-line.js';
import { type ScoredLine, ScoredLines } from './scored-line.js';
import { readLines } from './stored-lines.js';

export interface StoredSamples {
  /** By keyOf; the line's own bytes, newline included. */
  readonly lines: Map<string, { readonly line: SampleLine; readonly text: string }>;
  /** Length of the file up to and including its last whole line. */
  readonly validBytes: number;
}

/** Where each sample's line is in the file. */
export interface SampleIndex {
  /** By keyOf. */
  readonly places: ReadonlyMap<string, IndexedSample>;
  /** As of StoredSamples. */
  readonly validBytes: number;
}

export interface IndexedSample extends Stretch {
  readonly scored: ScoredLine;
}

/**
 * Reads samples.jsonl. A last line that a crash tore, without a newline or not a whole record, is left out. Throws
 * `run/samples` for damage that a crash cannot explain.
 */
export async function readSamples(file: string): Promise<StoredSamples> {
  const lines: StoredSamples['lines'] = new Map();
  let validBytes = 0;
  for await (const { line, text, number, end } of scanSamples(file)) {
    const key = keyOf(line);
    const known = lines.get(key);
    if (known !== undefined && known.text !== `${text}\n`) throw secondResult(file, number, key);
    if (known === undefined) lines.set(key, { line, text: `${text}\n` });
    validBytes = end;
  }
  return { lines, validBytes };
}

/** As readSamples, without the lines' bytes. */
export async function readSampleLines(file: string): Promise<{ lines: SampleLine[]; validBytes: number }> {
  const { places, validBytes } = await collect(file, (line, { start, end }) => ({ line, start, end }));
  return { lines: Array.from(places.values(), ({ line }) => line), validBytes };
}

/** As readSamples, in memory for what scores are made of. */
export async function indexSamples(file: string): Promise<SampleIndex> {
  const scored = new ScoredLines();
  return collect(file, (line, { start, end }) => ({ scored: scored.of(line), start, end }));
}

/** What `keep` makes of each line, by keyOf. Throws as readSamples does. */
async function collect<Kept extends Stretch>(
  file: string,
  keep: (line: SampleLine, place: Stretch) => Kept,
): Promise<{ places: ReadonlyMap<string, Kept>; validBytes: number }> {
  const places = new Map<string, Kept>();
  let validBytes = 0;
  for await (const { line, text, number, start, end } of scanSamples(file)) {
    const key = keyOf(line);
    const known = places.get(key);
    if (known === undefined) places.set(key, keep(line, { start, end }));
    else if ((await textAt(file, known)) !== `${text}\n`) throw secondResult(file, number, key);
    validBytes = end;
  }
  return { places, validBytes };
}

/** The lines of these samples of multiple choice, by id. */
export async function readChoices(file: string, ids: ReadonlySet<string>): Promise<Map<string, ChoiceLine>> {
  const lines = new Map<string, ChoiceLine>();
  for await (const { line } of scanSamples(file)) if (isChoice(line) && ids.has(line.id)) lines.set(line.id, line);
  return lines;
}

/** Takes the samples that a server failed at out of the file, so that they are asked again. */
export async function dropFailed(file: string, index: SampleIndex): Promise<SampleIndex> {
  const kept = [...index.places].filter(([, { scored }]) => scored.status !== 'engine_error');
  if (kept.length === index.places.size) return index;
  const stretches = kept.map(([, place]) => place);
  await writeAtomically(file, copyStretches(file, stretches));
  return indexSamples(file);
}

/** Rewrites samples.jsonl in plan order, once every sample is in it. */
export async function orderSamples(file: string, planOrder: Iterable<string>): Promise<ScoredLine[]> {
  const { places } = await indexSamples(file);
  const ordered = Array.from(planOrder, (key) => {
    const place = places.get(key);
    if (place !== undefined) return place;
    throw new EvalrunError('internal/missing-sample', { what: `The run ended without a result for ${key}` });
  });
  await writeAtomically(file, copyStretches(file, ordered));
  return ordered.map(({ scored }) => scored);
}

interface ScannedLine {
  readonly line: SampleLine;
  /** Without its newline. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

async function* scanSamples(file: string): AsyncGenerator<ScannedLine> {
  let broken: EvalrunError | undefined;
  for await (const { number, text, isWhole, start, end } of readLines(file)) {
    // Only what stands at the end of the file can have been torn.
    if (broken !== undefined) throw broken;
    if (!isWhole) return;
    const line = parseSampleLine(text);
    if (typeof line === 'string') broken = damaged(file, number, line);
    else yield { line, text, number, start, end };
  }
}

async function textAt(file: string, { start, end }: Stretch): Promise<string> {
  const parts: Buffer[] = [];
  // `end` of a stream is its last byte.
  for await (const part of createReadStream(file, { start, end: end - 1 })) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function secondResult(file: string, number: number, key: string): EvalrunError {
  return damaged(file, number, `a second result for ${key}`);
}

/** The error of a line that no crash explains. */
export function damaged(file: string, number: number, found: string): EvalrunError {
  return new EvalrunError('run/samples', {
    what: `Line ${number} of ${file} is damaged`,
    expected: 'a sample record as this version of evalrun writes it',
    found,
    todo: `delete line ${number} and resume the run, which computes it again`,
  });
}
