/**
 * Everything the page asks of TensorBoard's own window, and nothing else does.
 *
 * Of all this only the message protocol is a promise of TensorBoard; so each touch has a
 * fall-back, and the page also works alone (data/plugin_entry.html?name=tb_monitor).
 */

const PLUGIN = 'tb_monitor';
const STATE_PREFIX = `p.${PLUGIN}.`;
const ANSWER_TIMEOUT_MS = 600;

interface Message {
  readonly type: string;
  readonly id: number;
  readonly payload: unknown;
  readonly error: string | null;
  readonly isReply: boolean;
}

/** TensorBoard's side of the channel, once it has one. */
class Channel {
  private readonly port: MessagePort;
  private nextId = 0;
  private readonly waiting = new Map<number, (payload: unknown) => void>();
  private readonly listeners = new Map<string, Set<(payload: unknown) => void>>();

  constructor(host: Window) {
    const {port1, port2} = new MessageChannel();
    this.port = port1;
    port1.onmessage = (event) => this.receive(event.data);
    host.postMessage('experimental.bootstrap', '*', [port2]);
  }

  /** Asks; null if there is no answer in time. */
  ask(type: string): Promise<unknown> {
    const id = this.nextId++;
    this.send({type, id, payload: null, error: null, isReply: false});
    return new Promise((resolve) => {
      const timeout = setTimeout(() => this.settle(id, null), ANSWER_TIMEOUT_MS);
      this.waiting.set(id, (payload) => {
        clearTimeout(timeout);
        resolve(payload);
      });
    });
  }

  listen(type: string, listener: (payload: unknown) => void): void {
    const known = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, known.add(listener));
  }

  private receive(data: unknown): void {
    const message = parseMessage(data);
    if (!message) return;
    if (message.isReply) {
      this.settle(message.id, message.error ? null : message.payload);
      return;
    }
    for (const listener of this.listeners.get(message.type) ?? []) listener(message.payload);
    this.send({type: message.type, id: message.id, payload: null, error: null, isReply: true});
  }

  private settle(id: number, payload: unknown): void {
    const resolve = this.waiting.get(id);
    this.waiting.delete(id);
    resolve?.(payload);
  }

  private send(message: Message): void {
    this.port.postMessage(JSON.stringify(message));
  }
}

let channel: Channel | null | undefined;

function connect(): Channel | null {
  if (channel === undefined) {
    const host = hostWindow();
    channel = host ? new Channel(host) : null;
  }
  return channel;
}

/** The names of all runs, in the order TensorBoard gives colours; null if it does not say. */
export async function hostRuns(): Promise<readonly string[] | null> {
  return runNames(await connect()?.ask('experimental.GetRuns'));
}

/** Calls back when TensorBoard lists other runs. It says so often; compare before reacting. */
export function onHostRuns(listener: (runs: readonly string[]) => void): void {
  connect()?.listen('experimental.RunsChanged', (payload) => {
    const runs = runNames(payload);
    if (runs) listener(runs);
  });
}

/** Calls back when the user pressed reload, or TensorBoard reloads by itself. */
export function onReload(listener: () => void): void {
  connect()?.listen('experimental.DataReloaded', listener);
}

/** The state kept in the URL: key to value, without the prefix. */
export function readState(): Map<string, string> {
  const state = new Map<string, string>();
  for (const [key, value] of hashParts(stateWindow().location.hash)) {
    if (key.startsWith(STATE_PREFIX)) state.set(key.slice(STATE_PREFIX.length), value ?? '');
  }
  return state;
}

/**
 * Writes our part of the URL; every other part of the hash stays as it is.
 *
 * `push` makes a step that the browser's back button can undo.
 */
export function writeState(state: ReadonlyMap<string, string>, push = false): void {
  const target = stateWindow();
  const foreign = hashParts(target.location.hash).filter(([key]) => !key.startsWith(STATE_PREFIX));
  const own = [...state].map(([key, value]) => [STATE_PREFIX + key, value] as const);
  const hash = `#${[...foreign, ...own].map(joinPart).join('&')}`;
  if (hash === target.location.hash || (hash === '#' && target.location.hash === '')) return;
  const {history} = target;
  if (push) history.pushState(history.state, '', hash);
  else history.replaceState(history.state, '', hash);
}

/** Calls back when the URL was changed by somebody else: back, forward, a link. */
export function onStateChange(listener: () => void): void {
  const target = stateWindow();
  const check = () => {
    if (isActivePlugin(target.location.hash)) listener();
  };
  target.addEventListener('hashchange', check);
  target.addEventListener('popstate', check);
  window.addEventListener('pagehide', () => {
    target.removeEventListener('hashchange', check);
    target.removeEventListener('popstate', check);
  });
}

/** TensorBoard's own run filter (a regular expression), or "". */
export function hostRunFilter(): string {
  return new URLSearchParams(stateWindow().location.search).get('runFilter') ?? '';
}

/**
 * Whether the tab is on screen. A hidden plugin frame keeps living at height 0, and
 * `document.visibilityState` does not tell.
 */
export function isShown(): boolean {
  return window.innerHeight > 0 && document.visibilityState === 'visible';
}

/** Calls back when the tab appears or is hidden. */
export function onShown(listener: (shown: boolean) => void): void {
  let last = isShown();
  const check = () => {
    const shown = isShown();
    if (shown !== last) listener(shown);
    last = shown;
  };
  window.addEventListener('resize', check);
  document.addEventListener('visibilitychange', check);
}

/** Splits a hash into its parts, in order: `#scalars&a=b` is `[['scalars', null], ['a', 'b']]`. */
export function hashParts(hash: string): (readonly [string, string | null])[] {
  return hash
    .replace(/^#/, '')
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0
        ? ([decode(part), null] as const)
        : ([decode(part.slice(0, at)), decode(part.slice(at + 1))] as const);
    });
}

function joinPart([key, value]: readonly [string, string | null]): string {
  return value === null
    ? encodeURIComponent(key)
    : `${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a hand-written `%` that is no escape
  }
}

function isActivePlugin(hash: string): boolean {
  return stateWindow() === window || (hashParts(hash)[0]?.[0] ?? PLUGIN) === PLUGIN;
}

function hostWindow(): Window | null {
  // biome-ignore lint/plugin: this is where the host is touched
  const host = window.parent;
  return host === window ? null : host;
}

/** The window whose URL keeps the state: TensorBoard's, or our own if that is out of reach. */
function stateWindow(): Window {
  const host = hostWindow();
  try {
    return host && host.location.hash !== undefined ? host : window;
  } catch {
    return window;
  }
}

function parseMessage(data: unknown): Message | null {
  try {
    const message: unknown = JSON.parse(String(data));
    return message && typeof message === 'object' && 'type' in message
      ? (message as Message)
      : null;
  } catch {
    return null;
  }
}

function runNames(payload: unknown): readonly string[] | null {
  return Array.isArray(payload) ? payload.filter((run) => typeof run === 'string') : null;
}
