/** Collects the rows of one engine step and what is asked of them. */
import type { NativeStep } from './native.js';

export interface SpanRequest {
  readonly tokens: readonly number[];
  /** Position of the first token in its sequence. */
  readonly start: number;
  /** Pages of positions 0 .. start + tokens.length - 1. */
  readonly pages: readonly number[];
  readonly decode: boolean;
  /** What the span's tokens count for in records of routing. */
  readonly group?: string | undefined;
}

/** See SampleParams in native/ops/ops.h. */
export interface RowSampling {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  /** Low and high half of the 64-bit key. */
  readonly key: readonly [number, number];
  readonly position: number;
}

/** Consecutive rows that count for the same group. */
export interface RowLabel {
  readonly group: string;
  readonly count: number;
}

export interface RowProbe {
  readonly row: number;
  readonly id: string;
}

export class StepBuilder {
  private readonly tokens: number[] = [];
  private readonly spans: number[] = [];
  private readonly pageTable: number[] = [];
  private readonly pageCopies: number[] = [];
  private readonly rows: number[] = [];
  private readonly ids: number[] = [];
  private readonly idRows: number[] = [];
  private readonly nextTokens: number[] = [];
  private readonly sampling: RowSampling[] = [];
  wantBest = false;
  wantLogits = false;
  wantExperts = false;
  /** Of the spans, in order: what their rows count for. */
  readonly labels: RowLabel[] = [];
  /** Rows whose experts are recorded by name. */
  readonly probes: RowProbe[] = [];

  get tokenCount(): number {
    return this.tokens.length;
  }

  get spanCount(): number {
    return this.spans.length / 4;
  }

  /** Returns the step's row of the span's first token. */
  addSpan(span: SpanRequest): number {
    const firstRow = this.tokens.length;
    for (const token of span.tokens) this.tokens.push(token);
    this.spans.push(span.tokens.length, span.start, this.pageTable.length, span.decode ? 1 : 0);
    for (const page of span.pages) this.pageTable.push(page);
    this.labels.push({ group: span.group ?? '', count: span.tokens.length });
    return firstRow;
  }

  /** Names a row whose routed experts are to be told. */
  addProbe(row: number, id: string): void {
    this.probes.push({ row, id });
  }

  copyPage(source: number, target: number): void {
    this.pageCopies.push(source, target);
  }

  /** How the token of the row asked for last is drawn; to be called for every row or for none. */
  addSampling(sampling: RowSampling): void {
    this.sampling.push(sampling);
  }

  /** Asks for a row; returns where its log-probabilities begin in the result. */
  addQuery(row: number, ids: readonly number[]): number {
    const first = this.ids.length;
    for (const id of ids) {
      this.ids.push(id);
      this.idRows.push(this.rows.length);
    }
    this.rows.push(row);
    return first;
  }

  /** Lets the MTP module run; one entry per row added so far and later. */
  addNextTokens(tokens: readonly number[]): void {
    for (const token of tokens) this.nextTokens.push(token);
  }

  build(): NativeStep {
    return {
      tokens: Int32Array.from(this.tokens),
      spans: Int32Array.from(this.spans),
      pageTable: Int32Array.from(this.pageTable),
      pageCopies: Int32Array.from(this.pageCopies),
      rows: Int32Array.from(this.rows),
      ids: Int32Array.from(this.ids),
      idRows: Int32Array.from(this.idRows),
      wantBest: this.wantBest,
      wantLogits: this.wantLogits,
      sampleNumbers: Float32Array.from(
        this.sampling.flatMap(({ temperature, topP, minP }) => [temperature, topP, minP]),
      ),
      sampleIntegers: Int32Array.from(this.sampling.flatMap(({ topK, key, position }) => [topK, ...key, position])),
      nextTokens: Int32Array.from(this.nextTokens),
      wantExperts: this.wantExperts,
    };
  }
}
