import {afterEach, describe, expect, test, vi} from 'vitest';
import {followHostTheme} from '../../src/host_theme.ts';

const root = document.documentElement;

afterEach(() => {
  vi.unstubAllGlobals();
  root.className = '';
});

describe('the theme', () => {
  test('follows TensorBoard’s switch at once', async () => {
    const body = document.createElement('body');
    body.className = 'dark-mode';
    vi.stubGlobal('parent', {document: {body}});
    followHostTheme();
    expect(root.classList.contains('dark')).toBe(true);
    expect(root.style.colorScheme).toBe('dark');
    body.classList.remove('dark-mode');
    await vi.waitFor(() => expect(root.classList.contains('dark')).toBe(false));
  });

  test('is the operating system’s where the host is out of reach', () => {
    vi.stubGlobal('parent', {
      get document(): Document {
        throw new DOMException('cross-origin', 'SecurityError');
      },
    });
    vi.stubGlobal('matchMedia', () => ({matches: true, addEventListener: vi.fn()}));
    followHostTheme();
    expect(root.classList.contains('dark')).toBe(true);
  });
});
