/** The only built file with a stable name: TensorBoard imports it and calls `render`. */

import {readState} from './host.ts';
import {followHostTheme} from './host_theme.ts';

export async function render(): Promise<void> {
  document.documentElement.lang = 'en'; // TensorBoard's entry page has neither lang nor title
  document.title = 'Monitor';
  followHostTheme(); // before any stylesheet: the iframe is transparent and would flash white
  // Asked for before the rest of the page is here: the first picture waits for these.
  const early: {runs: Promise<Response>; overview?: Promise<Response>} = {runs: fetch('runs')};
  if ((readState().get('page') ?? 'overview') === 'overview') early.overview = fetch('overview');
  for (const answer of Object.values(early)) answer.catch(() => {}); // said where it is used
  try {
    const {mount} = await import('./app.tsx');
    mount(document.body, early);
  } catch (error) {
    explain(error);
  }
}

/** The page's own files are missing: what happens when the plugin is updated under a running server. */
function explain(error: unknown): void {
  const text = document.createElement('p');
  text.style.cssText = 'margin: 32px; font: 14px/1.5 sans-serif; color: #80868b';
  text.textContent =
    'The Monitor tab could not be loaded. If the plugin was just installed or updated, restart ' +
    `TensorBoard and reload this page. (${error})`;
  document.body.replaceChildren(text);
}
