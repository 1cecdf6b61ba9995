/** The system's Chromium for tests of pages; where there is none they are skipped with the reason in their name. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';

const candidates = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executablePath = candidates.find((file) => file !== undefined && existsSync(file));

export interface OpenedPage {
  readonly page: Page;
  /** What must be empty: console messages, uncaught errors, violations of the policy. */
  readonly complaints: readonly string[];
  /** Everything asked for besides the file itself. */
  readonly requests: readonly string[];
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

export interface PageOpener {
  open(file: string, options?: OpenOptions): Promise<OpenedPage>;
}

/** As describe; `body` gets what opens pages from disk. Pages are closed at the end. */
export function describeInBrowser(name: string, body: (opener: PageOpener) => void): void {
  if (executablePath === undefined) {
    describe.skip(`${name} (skipped: no Chromium; install it or name it in CHROMIUM)`, () => body({ open: never }));
    return;
  }
  describe(name, () => {
    let browser: Browser;
    beforeAll(async () => {
      // Chromium's own sandbox needs what containers often lack; the pages are ours.
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    });
    afterAll(() => browser.close());
    body({ open: (file, options) => openPage(browser, file, options) });
  });
}

async function openPage(browser: Browser, file: string, options: OpenOptions = {}): Promise<OpenedPage> {
  const { width = 1440, height = 900, colorScheme = 'light' } = options;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== `file://${file}` && !request.url().startsWith('data:font/')) requests.push(request.url());
  });
  await page.goto(`file://${file}`);
  return { page, complaints, requests };
}

function never(): Promise<OpenedPage> {
  return Promise.reject(new Error('There is no browser'));
}
