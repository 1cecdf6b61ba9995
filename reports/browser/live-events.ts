/** News from the server of `evalrun view`, and whether it is still there. */
/// <reference lib="dom" />
import { onAppearance, say } from './page-state.js';

/** `show` is called with `first`, with every state that arrives, and again when the language changes. */
export function followEvents<T>(path: string, show: (state: T) => void, first?: T): void {
  const connection = document.getElementById('connection');
  let isConnected = false;
  let state = first;
  if (first !== undefined) show(first);
  const showConnection = () => {
    if (connection !== null) connection.textContent = say({ key: isConnected ? 'view.connected' : 'view.lost' });
  };
  const source = new EventSource(path);
  source.addEventListener('open', () => {
    isConnected = true;
    showConnection();
  });
  source.addEventListener('error', () => {
    isConnected = false;
    showConnection();
  });
  source.addEventListener('state', (event: MessageEvent<string>) => {
    state = JSON.parse(event.data) as T;
    show(state);
  });
  onAppearance(() => {
    showConnection();
    if (state !== undefined) show(state);
  });
}
