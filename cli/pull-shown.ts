/** A pull with its progress on the screen: bytes, rate and time left. */
import { renderDownloadSize } from '../models/hub/download-size.js';
import type { ModelName } from '../models/hub/model-name.js';
import type { PulledModel, PullProgress } from '../models/hub/pull-model.js';
import type { ProgressLine } from './progress-line.js';
import { renderDuration } from './quantity.js';

export interface ShownPull {
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

/** @throws EvalrunError as pullModel does */
export async function pullShown(name: ModelName, { progress, signal }: ShownPull): Promise<PulledModel> {
  // Loaded only for a pull: the network stack takes a tenth of a second.
  const [{ pullModel }, { proxyAgent }] = await Promise.all([
    import('../models/hub/pull-model.js'),
    import('../datasets/network.js'),
  ]);
  const dispatcher = proxyAgent();
  let startMs: number | undefined;
  try {
    return await pullModel(name, {
      dispatcher,
      signal,
      onNotice: (line) => progress.print(line),
      onProgress: (state) => {
        startMs ??= state.fetchedBytes > 0 ? performance.now() : undefined;
        const seconds = startMs === undefined ? 0 : (performance.now() - startMs) / 1000;
        progress.show(() => renderPull(name.repository, state, seconds), state.haveBytes === state.totalBytes);
      },
    });
  } finally {
    progress.clear();
    await dispatcher.close();
  }
}

/** `org/name  1.2 GB of 14.2 GB  8.5 %  101.3 MB/s  2 min 10 s left`; without a rate as long as nothing was fetched. */
export function renderPull(model: string, state: PullProgress, seconds: number): string {
  const { haveBytes, totalBytes, fetchedBytes } = state;
  const done = totalBytes === 0 ? 100 : (100 * haveBytes) / totalBytes;
  const amount = `${renderDownloadSize(haveBytes)} of ${renderDownloadSize(totalBytes)}`;
  const parts = [model, amount, `${done.toFixed(1)} %`];
  if (fetchedBytes === 0) parts.push('checking what is here');
  else if (seconds > 0.5) {
    const bytesPerSecond = fetchedBytes / seconds;
    parts.push(
      `${renderDownloadSize(bytesPerSecond)}/s`,
      `${renderDuration((totalBytes - haveBytes) / bytesPerSecond)} left`,
    );
  }
  return parts.join('  ');
}
