/** Which path is answered with what. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { renderListPage } from '../reports/view/list-page.js';
import { renderLivePage } from '../reports/view/live-page.js';
import { visibleText } from '../reports/visible-text.js';
import { findRun, type ListedRun } from '../runner/run-list.js';
import { type EventSourceOptions, StateEvents } from './events.js';
import { runPage } from './run-page.js';
import { RunWatch } from './run-watch.js';
import { RunsWatch } from './runs-watch.js';

export interface RouteOptions {
  /** Folder of runs. */
  readonly folder: string;
  readonly pollMs: number;
  readonly heartbeatMs: number;
}

type Language = 'en' | 'zh';

/** Pages that follow something at the same time; more are a mistake. */
const maxFollowers = 64;

export class Routes {
  private readonly runs: RunsWatch;
  private readonly runsEvents: StateEvents;
  private readonly runEvents = new Map<string, StateEvents>();
  private followers = 0;

  constructor(private readonly options: RouteOptions) {
    this.runs = new RunsWatch(options.folder);
    // Runs come and go more slowly than samples.
    this.runsEvents = new StateEvents(() => this.runs.state(), this.eventOptions(4));
  }

  /** Answers a request that server.ts let through. Throws what the answer's making throws. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [pathname = ''] = (request.url ?? '').split('?');
    const language: Language = /^\s*zh\b/i.test(request.headers['accept-language'] ?? '') ? 'zh' : 'en';
    if (pathname === '/')
      return sendPage(response, renderListPage(await this.runs.state(), visibleText(this.options.folder), language));
    if (pathname === '/events') return this.follow(response, this.runsEvents);
    const [, place, encoded] = /^\/(run|live|events)\/([^/]+)$/.exec(pathname) ?? [];
    const run = encoded === undefined ? undefined : await this.find(encoded);
    if (run === undefined) return sendText(response, 404, 'There is nothing here.\n');
    switch (place) {
      case 'live':
        return sendPage(response, renderLivePage(run.name, language));
      case 'events':
        return this.follow(response, this.eventsOf(run), () => this.forget(run.name));
      default:
        return sendReport(response, run, language);
    }
  }

  stop(): void {
    for (const events of [this.runsEvents, ...this.runEvents.values()]) events.stop();
  }

  private async find(encoded: string): Promise<ListedRun | undefined> {
    let name: string;
    try {
      name = decodeURIComponent(encoded);
    } catch {
      return undefined;
    }
    return findRun(this.options.folder, name);
  }

  private eventsOf(run: ListedRun): StateEvents {
    const known = this.runEvents.get(run.name);
    if (known !== undefined) return known;
    const watch = new RunWatch(this.options.folder, run);
    const events = new StateEvents(() => watch.state(), this.eventOptions(1));
    this.runEvents.set(run.name, events);
    return events;
  }

  private forget(name: string): void {
    if (!this.runEvents.get(name)?.isFollowed) this.runEvents.delete(name);
  }

  private follow(response: ServerResponse, events: StateEvents, onLeave = () => {}): void {
    if (this.followers >= maxFollowers) {
      sendText(response, 503, 'Too many pages follow runs already.\n');
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    this.followers += 1;
    events.follow(response, () => {
      this.followers -= 1;
      onLeave();
    });
  }

  private eventOptions(slower: number): EventSourceOptions {
    return { pollMs: this.options.pollMs * slower, heartbeatMs: this.options.heartbeatMs };
  }
}

/** What report.html may do, whoever wrote it: run its own scripts, in an origin of its own that reaches nothing. */
const reportPolicy =
  "sandbox allow-scripts allow-modals; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
  "img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async function sendReport(response: ServerResponse, run: ListedRun, language: Language): Promise<void> {
  const page = await runPage(run, language);
  if ('html' in page) return sendPage(response, page.html);
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': reportPolicy });
  if (response.req.method === 'HEAD') {
    await page.file.close();
    response.end();
    return;
  }
  const stream = page.file.createReadStream();
  stream.on('error', () => response.destroy());
  // The file is closed when the reader goes away in the middle, too.
  response.once('close', () => stream.destroy());
  stream.pipe(response);
}

/** Our own page: its policy, with the hashes of its scripts, is in it; this header adds what a page cannot say of itself. */
function sendPage(response: ServerResponse, html: string): void {
  const policy = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'";
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy });
  response.end(response.req.method === 'HEAD' ? undefined : html);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'",
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
