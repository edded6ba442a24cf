/**
 * More than 60 classes: an overview in which no confusion is too rare to be seen, and beside
 * it a square with every name: the most confused classes, what a search found, or a window.
 */
import {useSignal} from '@preact/signals';
import {useLayoutEffect, useMemo, useState} from 'preact/hooks';
import {Icon, Select} from '../elements/index.ts';
import {DETAIL_CLASSES, type Detail, findClasses, foundDetail, worstDetail} from './detail.ts';
import type {Picture} from './draw_cells.ts';
import {measureIn} from './fonts.ts';
import {overviewFrame, type PanelFrame, panelFrame} from './geometry.ts';
import {Heatmap} from './heatmap.tsx';
import {Controls, type SquareProps, useNames, ZoomButtons} from './matrix_parts.tsx';
import {positionsOf} from './order.ts';
import {OverviewMap} from './overview_map.tsx';
import {cellsPerDot} from './pool.ts';
import {useWidth} from './use_width.ts';
import {around, contained, type Window, whole} from './window.ts';

/** Card width from which overview and zoom stand side by side. */
const SIDE_BY_SIDE = 620;
const OVERVIEW_SHARE = 0.49;

type View = 'worst' | 'found' | 'window';

export function LargeMatrix({header, picture, pens, telling}: SquareProps) {
  const {ref, width} = useWidth<HTMLDivElement>(860);
  const names = useNames(header);
  const classes = header.classes;
  const [view, setView] = useState<View>('worst');
  const [query, setQuery] = useState('');
  const found = useMemo(() => findClasses(names, query), [names, query]);
  const detail = useDetail(view, picture, found, names, query);
  const window = useSignal<Window>(around(0, 0, DETAIL_CLASSES, classes));
  const subsetWindow = useSignal<Window>(whole(1));
  const subset = detail.kind === 'window' ? null : detail.classes;
  const part = useMemo(() => partOf(picture, subset), [picture, subset]);
  const reset = () => {
    if (subset) subsetWindow.value = whole(subset.length);
    else window.value = contained({...window.peek(), span: DETAIL_CLASSES}, classes);
  };
  useLayoutEffect(() => {
    if (subset) subsetWindow.value = whole(subset.length);
  }, [subset]);

  const beside = width >= SIDE_BY_SIDE;
  const left = beside ? Math.floor(width * OVERVIEW_SHARE) : width;
  const over = useMemo(() => overviewFrame(left), [left]);
  const frame = useMemo(
    () =>
      panelFrame({
        width: beside ? width - left : width,
        span: DETAIL_CLASSES,
        names,
        measure: measureIn(pens.family, 12),
        margins: false,
        supportKnown: !header.normalised,
        tallest: 620,
        upright: true,
      }),
    [width, left, beside, names, pens, header.normalised],
  );
  const look = (next: Window) => {
    window.value = contained(
      {...next, row: Math.round(next.row), column: Math.round(next.column)},
      classes,
    );
    setView('window');
  };
  const search = (text: string) => {
    setQuery(text);
    setView(text.trim() === '' ? 'worst' : 'found');
  };
  const k = cellsPerDot(over.side / classes);
  return (
    <>
      <Controls normalised={header.normalised}>
        <span class="grow" />
        <Find query={query} count={found.length} onFind={search} />
        <ZoomButtons
          window={subset ? subsetWindow : window}
          classes={part.order.length}
          onReset={reset}
        />
      </Controls>
      <div ref={ref} class={`matrix-body large ${beside ? 'beside' : ''}`}>
        <div class="overview-side">
          <OverviewMap
            frame={over}
            picture={picture}
            pens={pens}
            telling={telling}
            window={window}
            subset={subset}
            onLook={look}
          />
          <p class="panel-note">
            {k > 1 ? `each dot is the worst of ${k} \u00d7 ${k}; ` : ''}click to look closer
          </p>
        </div>
        <div class="detail-side">
          <div class="detail-head">
            <Select<View>
              label="What the zoomed square shows"
              prefix="zoom on"
              options={[
                {value: 'worst', label: 'most confused'},
                {value: 'window', label: 'a window'},
                {value: 'found', label: 'search', disabled: found.length === 0},
              ]}
              value={detail.kind}
              onChange={setView}
            />
            <span class="detail-caption">
              {detail.kind === 'window' ? <WindowCaption window={window} /> : detail.caption}
            </span>
          </div>
          <Heatmap
            label="Confusion matrix, zoomed, rows true, columns predicted"
            frame={frame}
            picture={part}
            pens={pens}
            telling={telling}
            withMargins={false}
            window={subset ? subsetWindow : window}
            zoomable
            onReset={reset}
          />
        </div>
        {beside && !subset ? (
          <Cone over={over} frame={frame} window={window} classes={classes} />
        ) : null}
      </div>
    </>
  );
}

function useDetail(
  view: View,
  picture: Picture,
  found: readonly number[],
  names: readonly string[],
  query: string,
): Detail {
  const {cells, order, positions} = picture;
  // The classes stay while only the step changes: a square that reshuffles cannot be followed.
  const worst = useMemo(() => worstDetail(cells, positions), [order]);
  const search = useMemo(
    () => foundDetail(cells, positions, found, (index) => names[index] ?? '', query.trim()),
    [order, found],
  );
  if (view === 'found' && search) return search;
  if (view === 'window') return {kind: 'window'};
  return worst.kind !== 'window' && worst.classes.length > 0 ? worst : {kind: 'window'};
}

/** The picture of some classes alone; shares stay those of the whole matrix. */
function partOf(picture: Picture, subset: Uint32Array | null): Picture {
  if (!subset) return picture;
  return {...picture, order: subset, positions: positionsOf(subset, picture.cells.classes)};
}

function WindowCaption({window}: {readonly window: {readonly value: Window}}) {
  const {row, column, span} = window.value;
  const range = (start: number) => `${Math.floor(start) + 1}\u2013${Math.ceil(start + span)}`;
  if (row === column) return <>classes {range(row)}</>;
  return (
    <>
      true {range(row)}, predicted {range(column)}
    </>
  );
}

interface FindProps {
  readonly query: string;
  readonly count: number;
  onFind(query: string): void;
}

function Find({query, count, onFind}: FindProps) {
  return (
    <label class={`find ${query !== '' && count === 0 ? 'none' : ''}`}>
      <Icon name="search" />
      <input
        type="search"
        placeholder="Find classes"
        aria-label="Find classes: part of a name, or a pattern"
        value={query}
        onInput={(event) => onFind(event.currentTarget.value)}
      />
      {query === '' ? null : (
        <span class="find-count">{count === 0 ? 'none' : `${count} found`}</span>
      )}
    </label>
  );
}

/** Ties the window on the overview to the square that shows it. */
function Cone({
  over,
  frame,
  window,
  classes,
}: {
  readonly over: PanelFrame;
  readonly frame: PanelFrame;
  readonly window: {readonly value: Window};
  readonly classes: number;
}) {
  const {row, column, span} = window.value;
  const cell = over.side / classes;
  const x = over.left + (column + span) * cell;
  const y = over.top + row * cell - over.height - FOOT;
  const size = Math.max(5, span * cell);
  const right = over.width + frame.left - 3;
  const square = frame.top - frame.height - FOOT;
  const points = `${x},${y} ${right},${square} ${right},${square + frame.side} ${x},${y + size}`;
  return (
    <svg class="cone" aria-hidden="true">
      <polygon points={points} />
    </svg>
  );
}

/** Height of the note below the overview. */
const FOOT = 20;
