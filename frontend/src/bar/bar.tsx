/** The bar above every page: where one is, which runs, which axis, how fresh. */

import './bar.css';
import {Select} from '../elements/select.tsx';
import {allRuns} from '../state/runs.ts';
import {openPage, PAGES, type Page, page, type XAxis, xAxis} from '../state/view.ts';
import {Freshness} from './freshness.tsx';
import {RunFilter} from './run_filter.tsx';

const PAGE_TITLES: Record<Page, string> = {overview: 'Overview', classes: 'Classes', fit: 'Fit'};

const X_OPTIONS = [
  {value: 'step', label: 'step'},
  {value: 'relative', label: 'relative time'},
  {value: 'wall', label: 'wall time'},
] as const satisfies readonly {value: XAxis; label: string}[];

const OVER_STEPS = 'The sparklines of the overview are drawn over steps';

export function Bar() {
  const some = allRuns.value.length > 0;
  return (
    <header class="bar">
      <PageTabs />
      {some ? <RunFilter /> : null}
      {some ? (
        <Select
          label="Horizontal axis"
          prefix="x"
          options={X_OPTIONS}
          value={xAxis.value}
          disabledBecause={page.value === 'overview' ? OVER_STEPS : undefined}
          onChange={(value) => {
            xAxis.value = value;
          }}
        />
      ) : null}
      <Freshness />
    </header>
  );
}

/** Tabs with one stop for the Tab key; arrows, Home and End move between them. */
function PageTabs() {
  const move = (event: KeyboardEvent) => {
    const at = PAGES.indexOf(page.value);
    const to = new Map([
      ['ArrowRight', (at + 1) % PAGES.length],
      ['ArrowLeft', (at + PAGES.length - 1) % PAGES.length],
      ['Home', 0],
      ['End', PAGES.length - 1],
    ]).get(event.key);
    const next = to === undefined ? undefined : PAGES[to];
    if (!next) return;
    event.preventDefault();
    openPage(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Pages" onKeyDown={move}>
      {PAGES.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={page.value === name}
          aria-controls="page"
          tabIndex={page.value === name ? 0 : -1}
          onClick={() => openPage(name)}
        >
          {PAGE_TITLES[name]}
        </button>
      ))}
    </div>
  );
}
