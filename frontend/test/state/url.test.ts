import {beforeEach, describe, expect, test, vi} from 'vitest';

async function load(hash = '') {
  window.location.hash = hash;
  vi.resetModules();
  return import('../../src/state/url.ts');
}

/** URL writes are gathered until the current task is done. */
const written = () => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(() => {
  window.location.hash = '';
});

describe('a signal in the URL', () => {
  test('starts with what the URL says', async () => {
    const {urlState, integer} = await load('#p.tb_monitor.step=12');
    expect(urlState('step', integer, 3).value).toBe(12);
  });

  test('falls back where the URL makes no sense', async () => {
    const {urlState, integer, oneOf} = await load(
      '#p.tb_monitor.step=abc&p.tb_monitor.page=nowhere',
    );
    expect(urlState('step', integer, 3).value).toBe(3);
    expect(urlState('page', oneOf('a', 'b'), 'b').value).toBe('b');
  });

  test('is written when it changes, and left out at its fallback', async () => {
    const {urlState, text} = await load();
    const filter = urlState('filter', text, '');
    filter.value = 'a|b';
    await written();
    expect(window.location.hash).toBe('#p.tb_monitor.filter=a%7Cb');
    filter.value = '';
    await written();
    expect(window.location.hash).toBe('');
  });

  test('leaves keys alone whose code is not loaded', async () => {
    const {urlState, text} = await load('#p.tb_monitor.later=1');
    urlState('filter', text, '').value = 'x';
    await written();
    expect(window.location.hash).toContain('p.tb_monitor.later=1');
  });

  test('cannot share its key with another', async () => {
    const {urlState, text} = await load();
    urlState('filter', text, '');
    expect(() => urlState('filter', text, 'x')).toThrow('the URL key filter is used twice');
  });

  test('can be set before its page is loaded, and after', async () => {
    const {setUrlState, urlState, text} = await load();
    setUrlState('series', 'test');
    await written();
    expect(window.location.hash).toBe('#p.tb_monitor.series=test');
    const series = urlState('series', text, '');
    expect(series.value).toBe('test');
    setUrlState('series', 'validation');
    expect(series.value).toBe('validation');
  });

  test('follows the URL when somebody else changes it', async () => {
    const {urlState, integer} = await load('#p.tb_monitor.step=12');
    const step = urlState('step', integer, 0);
    window.location.hash = '#p.tb_monitor.step=40';
    window.dispatchEvent(new Event('hashchange'));
    expect(step.value).toBe(40);
  });
});

describe('codecs', () => {
  test.each([
    ['texts', ['', 'a,b', '"', '<b>', '🦊']],
    ['integers', [3, 5, 2_000]],
    ['flag', true],
    ['text', 'a & b'],
  ] as const)('%s give back what they wrote', async (name, value) => {
    const codec = (await load())[name] as {
      read(text: string): unknown;
      write(value: unknown): string;
    };
    expect(codec.read(codec.write(value))).toEqual(value);
  });

  test.each([
    ['texts', '{"a":1}'],
    ['texts', '[1]'],
    ['integers', '1,,2'],
    ['flag', 'yes'],
  ] as const)('%s do not understand %s', async (name, text) => {
    expect((await load())[name].read(text)).toBeNull();
  });

  test('numbers stay within their bounds', async () => {
    const {number} = await load();
    expect(number(0, 1).read('0.65')).toBe(0.65);
    expect(number(0, 1).read('7')).toBeNull();
    expect(number(0, 1).read('')).toBeNull();
  });
});
