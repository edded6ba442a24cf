import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';

interface Message {
  type: string;
  id: number;
  payload: unknown;
  error: string | null;
  isReply: boolean;
}

/** TensorBoard's side: takes the port, and answers what it is asked. */
function fakeHost(answers: Record<string, unknown>) {
  const received: Message[] = [];
  let port: MessagePort | null = null;
  const location = {hash: '#tb_monitor', search: ''};
  const host = {
    location,
    history: {
      state: null,
      pushed: 0,
      replaceState: (_: unknown, __: string, hash: string) => {
        location.hash = hash;
      },
      pushState(_: unknown, __: string, hash: string) {
        location.hash = hash;
        host.history.pushed++;
      },
    },
    document: {body: document.createElement('body')},
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
    postMessage: (data: string, _: string, [given]: MessagePort[]) => {
      if (data !== 'experimental.bootstrap' || !given) return;
      port = given;
      given.onmessage = (event) => {
        const message = JSON.parse(event.data) as Message;
        received.push(message);
        if (message.isReply || !(message.type in answers)) return;
        given.postMessage(
          JSON.stringify({...message, payload: answers[message.type], isReply: true}),
        );
      };
    },
  };
  const push = (type: string, payload: unknown) =>
    port?.postMessage(JSON.stringify({type, id: 77, payload, error: null, isReply: false}));
  return {host, received, push, location};
}

async function loadHost(answers: Record<string, unknown> = {}) {
  const fake = fakeHost(answers);
  vi.stubGlobal('parent', fake.host);
  vi.resetModules();
  return {...fake, ...(await import('../../src/host.ts'))};
}

beforeEach(() => {
  vi.useRealTimers();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the channel', () => {
  test('brings the host’s runs', async () => {
    const {hostRuns} = await loadHost({'experimental.GetRuns': ['b', 'a', 3]});
    expect(await hostRuns()).toEqual(['b', 'a']);
  });

  test('gives null when the host does not answer in time', async () => {
    const {hostRuns} = await loadHost();
    expect(await hostRuns()).toBeNull();
  });

  test('calls back on reload and on new runs, and replies to each', async () => {
    const {onReload, onHostRuns, push, received} = await loadHost();
    const [reloaded, runs] = [vi.fn(), vi.fn()];
    onReload(reloaded);
    onHostRuns(runs);
    push('experimental.DataReloaded', null);
    push('experimental.RunsChanged', ['x']);
    await vi.waitFor(() => expect(runs).toHaveBeenCalledWith(['x']));
    expect(reloaded).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(received.filter(({isReply}) => isReply)).toHaveLength(2));
  });

  test('survives messages that are not its own', async () => {
    const {onReload, push} = await loadHost();
    const reloaded = vi.fn();
    onReload(reloaded);
    push('experimental.SomethingNew', {deep: [1]});
    push('experimental.DataReloaded', null);
    await vi.waitFor(() => expect(reloaded).toHaveBeenCalledTimes(1));
  });
});

describe('the hash', () => {
  test('gives back what was written, whatever its characters', async () => {
    const {readState, writeState} = await loadHost();
    const state = new Map([
      ['filter', 'a&b=c#d% ä🦊'],
      ['hidden', '["x/y","<img>"]'],
    ]);
    writeState(state);
    expect(readState()).toEqual(state);
  });

  test('keeps what belongs to others, in its place', async () => {
    const {location, writeState} = await loadHost();
    location.hash = '#tb_monitor&tagFilter=loss&p.other.key=1&p.tb_monitor.page=fit';
    writeState(new Map([['page', 'classes']]));
    expect(location.hash).toBe(
      '#tb_monitor&tagFilter=loss&p.other.key=1&p.tb_monitor.page=classes',
    );
  });

  test('makes a step back only when asked', async () => {
    const {host, writeState} = await loadHost();
    writeState(new Map([['a', '1']]));
    expect(host.history.pushed).toBe(0);
    writeState(new Map([['a', '2']]), true);
    expect(host.history.pushed).toBe(1);
  });

  test('may hold a per cent sign that is no escape', async () => {
    const {location, readState} = await loadHost();
    location.hash = '#tb_monitor&p.tb_monitor.filter=100%';
    expect(readState().get('filter')).toBe('100%');
  });
});
