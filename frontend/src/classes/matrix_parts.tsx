/** Parts that the small and the large matrix share: controls, names, zoom. */
import type {ComponentChildren} from 'preact';
import {useMemo} from 'preact/hooks';
import type {MatrixHeader} from '../api/types.ts';
import {Segmented, Select, visibleName} from '../elements/index.ts';
import type {Telling} from './cell_tip.tsx';
import type {Normalise} from './cells.ts';
import type {Pens, Picture} from './draw_cells.ts';
import {ORDERS, type OrderBy} from './order.ts';
import {normalise, orderBy} from './state.ts';
import {type Window, zoomed} from './window.ts';

export interface SquareProps {
  readonly header: MatrixHeader;
  readonly picture: Picture;
  readonly pens: Pens;
  readonly telling: Telling;
}

/** Names as they are drawn; one array per set of names, so that layouts can be kept. */
export function useNames({class_names, classes}: MatrixHeader): readonly string[] {
  const key = `${classes} ${class_names.join('\u0000')}`;
  return useMemo(
    () =>
      Array.from({length: classes}, (_, index) => visibleName(class_names[index] ?? String(index))),
    [key],
  );
}

export function Controls({
  normalised,
  children,
}: {
  readonly normalised: boolean;
  readonly children?: ComponentChildren;
}) {
  const title = normalised
    ? 'The rows were logged as shares: their counts are not known'
    : undefined;
  const option = (value: Normalise, label: string) => ({
    value,
    label,
    disabled: normalised && value !== 'row',
    ...(title ? {title} : {}),
  });
  return (
    <div class="matrix-controls">
      <span class="control-label">Normalise</span>
      <Segmented
        label="Normalise"
        options={[
          option('row', 'row'),
          option('column', 'column'),
          option('all', 'all'),
          option('count', 'counts'),
        ]}
        value={normalised ? 'row' : normalise.value}
        onChange={(value) => {
          normalise.value = value;
        }}
      />
      <Select<OrderBy>
        label="Order of the classes"
        prefix="order"
        options={ORDERS.map(({by, title: label}) => ({value: by, label}))}
        value={orderBy.value}
        onChange={(value) => {
          orderBy.value = value;
        }}
      />
      {children}
    </div>
  );
}

export function ZoomButtons({
  window,
  classes,
  onReset,
}: {
  readonly window: {value: Window};
  readonly classes: number;
  onReset(): void;
}) {
  const zoom = (factor: number) => {
    window.value = zoomed(window.value, factor, 0.5, 0.5, classes);
  };
  return (
    <span class="zoom">
      <button
        type="button"
        aria-label="Zoom out"
        title="Zoom out (-)"
        onClick={() => zoom(1 / 1.5)}
      >
        {'\u2212'}
      </button>
      <button type="button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoom(1.5)}>
        +
      </button>
      <button type="button" title="Reset the view (0)" onClick={onReset}>
        reset
      </button>
    </span>
  );
}
