/**
 * Follows TensorBoard's dark mode: sets the class `dark` on our root element.
 *
 * TensorBoard leaves plugin frames alone on purpose, but marks its own body; where that
 * cannot be read (another site's frame), the operating system's wish counts. This file
 * belongs to the entry and imports nothing, so that index.js stays one small file;
 * the rest of the page watches our own root element (state/theme.ts).
 */

export function followHostTheme(): void {
  const body = hostBody();
  if (!body) {
    const query = matchMedia('(prefers-color-scheme: dark)');
    query.addEventListener('change', () => show(query.matches));
    show(query.matches);
    return;
  }
  const follow = () => show(body.classList.contains('dark-mode'));
  new MutationObserver(follow).observe(body, {attributes: true, attributeFilter: ['class']});
  follow();
}

function hostBody(): HTMLElement | null {
  try {
    // biome-ignore lint/plugin: the theme is the host's, and this file imports nothing
    const host = window.parent;
    return host === window ? null : host.document.body;
  } catch {
    return null;
  }
}

function show(dark: boolean): void {
  const root = document.documentElement;
  root.classList.toggle('dark', dark);
  root.style.colorScheme = dark ? 'dark' : 'light';
  root.style.backgroundColor = dark ? '#202124' : '#f5f6f7';
}
