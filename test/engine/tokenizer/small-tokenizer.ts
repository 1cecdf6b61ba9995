/** A small byte-pair tokenizer of our own, trained in the test, and a folder to load it from. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from '@jest/globals';
import { byteChars } from '../../../engine/tokenizer/byte-alphabet.js';

const lesson = `The cat sat on the mat and the other cat sat on the hat. There are 12 cats, 345 hats and 6789 mats.
Question: which of these is the largest? Answer: A. the cat B. the hat C. the mat D. there is none
以下是关于猫的单项选择题，请选出正确答案。答案：A。这只猫坐在垫子上，那只猫坐在帽子上。 It's what they've said; we'll see.
def sit(cat):\n    return cat + 1\n\n\nfor cat in cats:\n\tsit(cat)\n`;

interface Trained {
  readonly vocab: Record<string, number>;
  readonly merges: [string, string][];
}

/** Learns up to `count` merges: each time the most frequent neighbours, ties to the pair seen first. */
function train(words: readonly string[][], alphabet: readonly string[], count: number): Trained {
  const vocab: Record<string, number> = {};
  for (const symbol of alphabet) vocab[symbol] = Object.keys(vocab).length;
  const merges: [string, string][] = [];
  const work = words.map((word) => [...word]);
  while (merges.length < count) {
    const counts = new Map<string, { pair: [string, string]; times: number }>();
    for (const word of work) {
      for (let at = 0; at + 1 < word.length; at++) {
        const pair: [string, string] = [word[at] ?? '', word[at + 1] ?? ''];
        const entry = counts.get(pair.join('\n')) ?? { pair, times: 0 };
        counts.set(pair.join('\n'), { pair, times: entry.times + 1 });
      }
    }
    const best = [...counts.values()].reduce((a, b) => (b.times > a.times ? b : a), { pair: ['', ''], times: 1 });
    if (best.times < 2) break;
    const [left, right] = best.pair as [string, string];
    merges.push([left, right]);
    vocab[left + right] ??= Object.keys(vocab).length;
    for (const word of work) {
      for (let at = 0; at + 1 < word.length; at++)
        if (word[at] === left && word[at + 1] === right) word.splice(at, 2, left + right);
    }
  }
  return { vocab, merges };
}

const toByteSymbols = (text: string) => [...Buffer.from(text, 'utf8')].map((byte) => byteChars[byte] ?? '');

/** Byte-level, 256 bytes and a few hundred merges learnt inside words. */
export function byteLevelModel(): Trained {
  const words = (lesson.match(/ ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+/gu) ?? []).map(toByteSymbols);
  return train(words, byteChars, 300);
}

/** Character pieces with <unk>, <s>, </s> and the 256 byte pieces, merges learnt over the whole text, as SentencePiece's. */
export function byteFallbackModel(): Trained {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const text = `▁${lesson.replaceAll(' ', '▁')}`.replace(/[以下是]/g, '');
  const letters = [...new Set(text)].filter((char) => char !== '\n' && char !== '\t');
  return train(
    [[...text].filter((char) => letters.includes(char))],
    ['<unk>', '<s>', '</s>', ...bytes, ...letters],
    200,
  );
}

const noFlags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };

export function addedToken(id: number, content: string, flags: Partial<typeof noFlags> = {}) {
  return { id, content, ...noFlags, ...flags };
}

/** A tokenizer.json: byte-level, GPT-2 cutting, three special tokens after the vocabulary; `parts` replaces parts of it. */
export function tokenizerJson(parts: Record<string, unknown> = {}) {
  const { vocab, merges } = byteLevelModel();
  const size = Object.keys(vocab).length;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [addedToken(size, '<s>'), addedToken(size + 1, '</s>'), addedToken(size + 2, '<|end|>')],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: bpe({ vocab, merges }),
    ...parts,
  };
}

/** The model part of a tokenizer.json. */
export function bpe(model: Record<string, unknown>) {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    ...model,
  };
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

/** Writes a checkpoint folder, removed after the file's tests, with the given files, strings as they are and anything else as JSON. */
export async function writeFolder(files: Record<string, unknown>): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'evalrun-tokenizer-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}
