/** The page: the bar, and below it one of the pages. */

import './theme.css';
import './elements/elements.css';
import './charts/charts.css';
import './app.css';
import {type ComponentType, render} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {type Early, listing, takeEarly} from './api/client.ts';
import {Bar} from './bar/bar.tsx';
import {ErrorNote, Skeleton} from './elements/notes.tsx';
import {OverviewPage} from './overview/index.tsx';
import {listingError, start, startAgain} from './start.ts';
import {PAGES, type Page, page} from './state/view.ts';
import {Welcome} from './welcome/welcome.tsx';

/** What most begin with is in the first file; the other pages are loaded when first shown. */
const AT_ONCE = new Map<Page, ComponentType>([['overview', OverviewPage]]);
const CHUNKS = new Map<Page, () => Promise<ComponentType>>([
  ['classes', () => import('./classes/index.tsx').then(({ClassesPage}) => ClassesPage)],
  ['fit', () => import('./fit/index.tsx').then(({FitPage}) => FitPage)],
]);

/** Draws the whole tab into `body`. */
export function mount(body: HTMLElement, early: Early = {}): void {
  takeEarly(early);
  // While the list of runs is under way; a failure is said where the page is drawn.
  CHUNKS.get(page.value)?.().catch(() => {});
  const root = document.createElement('div');
  root.className = 'root';
  body.replaceChildren(root);
  start();
  render(<App />, root);
}

function App() {
  const error = listingError.value;
  return (
    <>
      <Bar />
      <main>
        {error ? <ErrorNote error={error} onRetry={startAgain} /> : null}
        <div id="page" role="tabpanel" aria-labelledby={`tab-${page.value}`}>
          <h1 class="unseen">Monitor: {page.value}</h1>
          <Contents />
        </div>
      </main>
    </>
  );
}

function Contents() {
  const known = listing.value;
  if (!known) return listingError.value ? null : <Skeleton lines={6} />;
  if (known.runs.length === 0) return <Welcome listing={known} />;
  // A page that is left is unmounted: its state is in the URL, its answers are kept.
  return (
    <>
      {PAGES.map((name) => (
        <LazyPage key={name} name={name} />
      ))}
    </>
  );
}

function LazyPage({name}: {readonly name: Page}) {
  const shown = page.value === name;
  const [Loaded, setLoaded] = useState<ComponentType | null>(() => AT_ONCE.get(name) ?? null);
  const [error, setError] = useState<string | null>(null);
  const load = () => {
    setError(null);
    CHUNKS.get(name)?.()
      .then((component) => setLoaded(() => component))
      .catch((reason: unknown) => setError(`This page could not be loaded: ${reason}`));
  };
  useEffect(() => {
    if (shown && !Loaded) load();
  }, [shown]);
  if (!shown) return null;
  if (error) return <ErrorNote error={error} onRetry={load} />;
  return Loaded ? <Loaded /> : <Skeleton lines={6} />;
}
