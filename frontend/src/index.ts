/** The only built file with a stable name: TensorBoard imports it and calls `render`. */

import {followHostTheme} from './host_theme.ts';

export async function render(): Promise<void> {
  document.documentElement.lang = 'en'; // TensorBoard's entry page has neither lang nor title
  document.title = 'Monitor';
  followHostTheme(); // before any stylesheet: the iframe is transparent and would flash white
  const {mount} = await import('./app.tsx');
  mount(document.body);
}
