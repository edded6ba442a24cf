/** Whether the page is dark, and the colours that canvases need resolved. */

import {signal} from '@preact/signals';

const root = document.documentElement;

/** Follows the class that host_theme.ts sets. */
export const dark = signal(root.classList.contains('dark'));

new MutationObserver(() => {
  dark.value = root.classList.contains('dark');
}).observe(root, {attributes: true, attributeFilter: ['class']});

/** The value of a token of theme.css, such as `--line`; reading it follows the theme. */
export function token(name: `--${string}`): string {
  dark.value;
  return getComputedStyle(root).getPropertyValue(name).trim();
}
