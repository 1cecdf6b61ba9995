/** What the endpoint tells Prometheus: requests, tokens, queue, latencies, memory. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { StepStats } from '../engine/engine.js';
import type { ServedModel } from './served-model.js';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export class ServeMetrics {
  private readonly registry = new Registry();
  private readonly requests = new Counter({
    name: 'evalrun_requests_total',
    help: 'Requests by endpoint and HTTP status',
    labelNames: ['endpoint', 'status'],
    registers: [this.registry],
  });
  private readonly cancelled = new Counter({
    name: 'evalrun_cancelled_requests_total',
    help: 'Requests whose client went away before the end',
    registers: [this.registry],
  });
  private readonly tokens = new Counter({
    name: 'evalrun_tokens_total',
    help: 'Tokens computed, by kind: prompt or completion',
    labelNames: ['kind'],
    registers: [this.registry],
  });
  private readonly duration = new Histogram({
    name: 'evalrun_request_seconds',
    help: 'From the arrival of a request to the end of its answer',
    labelNames: ['endpoint'],
    buckets: seconds,
    registers: [this.registry],
  });
  private readonly firstPiece = new Histogram({
    name: 'evalrun_first_piece_seconds',
    help: 'From the arrival of a request to the first piece of its answer',
    labelNames: ['endpoint'],
    buckets: seconds,
    registers: [this.registry],
  });
  private readonly step = new Histogram({
    name: 'evalrun_step_seconds',
    help: 'One step of the engine',
    buckets: seconds,
    registers: [this.registry],
  });

  constructor(model: ServedModel) {
    collectDefaultMetrics({ register: this.registry });
    this.gauge('evalrun_texts_waiting', 'Texts that wait for room in the KV cache', () => model.session.waiting);
    this.gauge('evalrun_texts_running', 'Texts that are being computed', () => model.session.running);
    this.gauge('evalrun_kv_pages_used', 'Pages of the KV cache in use', () => model.session.kvPages.used);
    this.gauge('evalrun_kv_pages_total', 'Pages of the KV cache', () => model.session.kvPages.total);
    const memory = new Gauge({
      name: 'evalrun_memory_bytes',
      help: 'Memory by part: weights, kv, workspace, resident',
      labelNames: ['part'],
      registers: [this.registry],
      collect() {
        const { weightBytes, kvBytes, workspaceBytes, residentBytes } = model.engine.memory();
        memory.set({ part: 'weights' }, weightBytes);
        memory.set({ part: 'kv' }, kvBytes);
        memory.set({ part: 'workspace' }, workspaceBytes);
        memory.set({ part: 'resident' }, residentBytes);
      },
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  onStep({ prefillTokens, decodeTokens, latencyMs }: StepStats): void {
    this.tokens.inc({ kind: 'prompt' }, prefillTokens);
    this.tokens.inc({ kind: 'completion' }, decodeTokens);
    this.step.observe(latencyMs / 1000);
  }

  onFirstPiece(endpoint: string, elapsedMs: number): void {
    this.firstPiece.observe({ endpoint }, elapsedMs / 1000);
  }

  onAnswer(endpoint: string, status: number, elapsedMs: number): void {
    this.requests.inc({ endpoint, status: String(status) });
    this.duration.observe({ endpoint }, elapsedMs / 1000);
  }

  onCancelled(): void {
    this.cancelled.inc();
  }

  /** In Prometheus's text format. */
  render(): Promise<string> {
    return this.registry.metrics();
  }

  private gauge(name: string, help: string, read: () => number): void {
    const gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        gauge.set(read());
      },
    });
  }
}
