/** What the command line opens in tests: the fake engine; FAKE_* variables say how it behaves. */
import { type CliParts, shippedParts } from '../../cli/parts.js';
import { fakeEngine, fakeTokenizer } from '../runner/fake-engine.js';

const { FAKE_DELAY_MS, FAKE_FAIL_AFTER, FAKE_RANDOM, FAKE_SHARING_ERROR } = process.env;

export const fakeParts: CliParts = {
  openEngine: async ({ model, dtype, device, onNotice }) => {
    onNotice?.('memory: weights 1 B');
    return fakeEngine({
      info: { model, dtype: dtype ?? 'bf16', device: device === 'cuda' ? 'cuda' : 'cpu', random: FAKE_RANDOM === '1' },
      delayMs: Number(FAKE_DELAY_MS ?? 0),
      ...(FAKE_FAIL_AFTER !== undefined && { failAfter: Number(FAKE_FAIL_AFTER) }),
      ...(FAKE_SHARING_ERROR !== undefined && { sharingError: Number(FAKE_SHARING_ERROR) }),
    });
  },
  openRemoteEngine: shippedParts.openRemoteEngine,
  openTokenizer: async () => fakeTokenizer(),
  defaultModel: async ({ dtype } = {}) => (dtype === 'fp8' ? '/models/default-fp8' : '/models/default'),
};
