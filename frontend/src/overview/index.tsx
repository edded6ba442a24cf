/** Overview: which of my runs needs me? */

import './overview.css';
import {useMemo} from 'preact/hooks';
import {getOverview, listing} from '../api/client.ts';
import type {Overview} from '../api/types.ts';
import {useAnswer} from '../api/use_answer.ts';
import {CopyButton} from '../elements/copy_button.tsx';
import {plural} from '../elements/format.ts';
import {NoRunShown} from '../elements/no_run_shown.tsx';
import {CutNote, ErrorNote, Skeleton} from '../elements/notes.tsx';
import {shownKey, shownNames} from '../state/runs.ts';
import {useWidth} from '../state/size.ts';
import {AttentionCard} from './attention.tsx';
import {Legend} from './legend.tsx';
import {overviewMarkdown} from './markdown.ts';
import {sharedScales} from './scales.ts';
import {sortRuns} from './sort.ts';
import {OverviewTable, order, SortSelect} from './table.tsx';
import {UnreadableCard} from './unreadable.tsx';

export function OverviewPage() {
  const names = shownNames.value;
  const key = names.length ? shownKey.value : null;
  const {value, error, retry} = useAnswer(key, (signal) => getOverview(names, signal));
  if (names.length === 0) return <NoRunShown />;
  return (
    <div class="overview-page">
      {error ? <ErrorNote error={error} onRetry={retry} /> : null}
      {value ? <Contents overview={value} /> : error ? null : <Skeleton lines={9} />}
    </div>
  );
}

function Contents({overview}: {readonly overview: Overview}) {
  const [box, width] = useWidth<HTMLElement>(1400);
  const sorting = order.value;
  const groups = useMemo(() => sortRuns(overview.rows, sorting), [overview, sorting]);
  const scales = useMemo(() => sharedScales(overview.rows), [overview]);
  const rows = groups.flat();
  return (
    <>
      <AttentionCard overview={overview} />
      <section class="card">
        <header class="card-head">
          <h2>{plural(groups.length, 'run')}</h2>
          <span class="card-subtitle">
            {rows.length > groups.length
              ? `${plural(rows.length, 'row')}, one per run, head and split`
              : 'one row each'}
          </span>
          <div class="card-actions">
            <SortSelect />
            <CopyButton label="Copy as Markdown" text={() => overviewMarkdown(rows)} />
          </div>
        </header>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
        <section class="table-box" ref={box} aria-label="Runs" tabIndex={0}>
          <OverviewTable
            groups={groups}
            reasons={overview.reasons}
            scales={scales}
            {...curveWidths(width)}
          />
        </section>
        <CutNote cut={overview.cut ?? listing.value?.cut ?? null} />
      </section>
      <Legend scales={scales} />
      <UnreadableCard />
    </>
  );
}

const NARROW = 1380;

/** Pixels for the curves: what the other columns leave. */
function curveWidths(width: number): {curveWidth: number; f1Width: number} {
  if (width < NARROW) return {curveWidth: 110, f1Width: 0};
  const spare = width - NARROW;
  return {
    curveWidth: Math.round(132 + Math.min(160, spare / 2)),
    f1Width: Math.round(60 + Math.min(60, spare / 5)),
  };
}
