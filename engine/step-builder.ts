/** Collects the rows of one engine step and what is asked of them. */
import type { NativeStep } from './native.js';

/** As the token after a row: the one that the step chooses for it, or none that is known. See native/model/step.h. */
export const CHOSEN_NEXT = -2;
export const UNKNOWN_NEXT = -1;

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

  /** Lets the MTP module run; one entry per row added so far and later, a token or one of the constants above. */
  addNextTokens(tokens: readonly number[]): void {
    for (const token of tokens) this.nextTokens.push(token);
  }

  build(): NativeStep {
    return {
      tokens: new Int32Array(this.tokens),
      spans: new Int32Array(this.spans),
      pageTable: new Int32Array(this.pageTable),
      pageCopies: new Int32Array(this.pageCopies),
      rows: new Int32Array(this.rows),
      ids: new Int32Array(this.ids),
      idRows: new Int32Array(this.idRows),
      wantBest: this.wantBest,
      wantLogits: this.wantLogits,
      sampleNumbers: new Float32Array(
        this.sampling.flatMap(({ temperature, topP, minP }) => [temperature, topP, minP]),
      ),
      sampleIntegers: new Int32Array(this.sampling.flatMap(({ topK, key, position }) => [topK, ...key, position])),
      nextTokens: new Int32Array(this.nextTokens),
      wantExperts: this.wantExperts,
    };
  }
}
