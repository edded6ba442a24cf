/** The confusion matrix with its controls, legend and the sentence of the pinned cell. */
import './matrix.css';
import {useSignal} from '@preact/signals';
import {useLayoutEffect, useMemo} from 'preact/hooks';
import type {MatrixHeader} from '../api/types.ts';
import {
  Card,
  EmptyState,
  formatCount,
  formatScore,
  plural,
  Segmented,
  visibleName,
} from '../elements/index.ts';
import {dark} from '../state/theme.ts';
import {SpotLine, type Telling} from './cell_tip.tsx';
import {type Cells, extent, factors, type Normalise} from './cells.ts';
import type {Pens, Picture} from './draw_cells.ts';
import {fontsSeen, measureIn} from './fonts.ts';
import {LABEL_LINE, MOST_NAMED, panelFrame} from './geometry.ts';
import {Heatmap} from './heatmap.tsx';
import {LargeMatrix} from './large_matrix.tsx';
import {Legend} from './legend.tsx';
import {Controls, type SquareProps, useNames, ZoomButtons} from './matrix_parts.tsx';
import {positionsOf} from './order.ts';
import {themePens} from './pens.ts';
import {hitScale, missScale} from './scale.ts';
import {missKind, normalise, pinned, spot} from './state.ts';
import {useWidth} from './use_width.ts';
import {type Window, whole} from './window.ts';
import {unitOf} from './words.ts';

interface MatrixCardProps {
  readonly header: MatrixHeader;
  /** null where the cells of this step are not there. */
  readonly cells: Cells | null;
  /** position -> class, the same at every step. */
  readonly order: Uint32Array;
  /** Whether the next step is under way: the last one stays in view, a little fainter. */
  readonly stale: boolean;
}

export function MatrixCard({header, cells, order, stale}: MatrixCardProps) {
  const by: Normalise = header.normalised ? 'row' : normalise.value;
  return (
    <Card
      class={`matrix-card ${stale ? 'stale' : ''}`}
      title="Confusion matrix"
      subtitle={subtitleOf(header)}
      actions={cells ? unitOf(by, header.weighted) : null}
    >
      {cells ? (
        <Matrix header={header} cells={cells} order={order} by={by} />
      ) : (
        <EmptyState title="The cells of this step are not there">
          <p>{header.layout_reason ?? 'Only the sums per class were logged.'}</p>
          <p>The scores per class and over time are complete.</p>
        </EmptyState>
      )}
    </Card>
  );
}

function subtitleOf(header: MatrixHeader): string {
  const parts = [plural(header.classes, 'class', 'classes')];
  if (header.normalised) parts.push('rows logged as shares: supports unknown');
  else if (header.weighted) parts.push(`weight ${formatCount(header.total)}`);
  else parts.push(plural(header.total, 'example'));
  const {top_k: top} = header;
  if (top) parts.push(`top-${top.k} accuracy ${formatScore(top.accuracy)}`);
  return parts.join(' \u00b7 ');
}

interface MatrixProps {
  readonly header: MatrixHeader;
  readonly cells: Cells;
  readonly order: Uint32Array;
  readonly by: Normalise;
}

function Matrix({header, cells, order, by}: MatrixProps) {
  const large = header.classes > MOST_NAMED;
  const pens = usePens(large);
  const picture = usePicture(header, cells, order, by);
  const telling = useTelling(header, cells);
  return (
    <>
      {large ? (
        <LargeMatrix picture={picture} pens={pens} telling={telling} header={header} />
      ) : (
        <SmallMatrix picture={picture} pens={pens} telling={telling} header={header} />
      )}
      <Story telling={telling} zoomable={large} />
      <footer class="matrix-foot">
        <Legend palette={pens.cells} hits={picture.hits} misses={picture.misses} by={by} />
        <span class="grow" />
        <span class="foot-choice">
          <span>Misses scale</span>
          <Segmented
            label="Scale of the misses"
            options={[
              {value: 'linear', label: 'linear'},
              {value: 'log', label: 'log', title: 'Small misses stay visible beside large ones'},
            ]}
            value={missKind.value}
            onChange={(kind) => {
              missKind.value = kind;
            }}
          />
        </span>
      </footer>
    </>
  );
}

/** In the large matrix dots and cells have the same tones: one legend for both. */
function usePens(large: boolean): Pens {
  return useMemo(() => {
    const pens = themePens();
    return large ? {...pens, cells: pens.dots} : pens;
  }, [large, dark.value, fontsSeen.value]);
}

function usePicture(
  header: MatrixHeader,
  cells: Cells,
  order: Uint32Array,
  by: Normalise,
): Picture {
  const kind = missKind.value;
  return useMemo(() => {
    const range = extent(cells, by);
    return {
      cells,
      factors: factors(cells, by),
      by,
      order,
      positions: positionsOf(order, cells.classes),
      hits: hitScale(range, by),
      misses: missScale(range, kind, by),
      atLeast: header.error_bound > 0,
    };
  }, [cells, order, by, kind, header.error_bound]);
}

function useTelling(header: MatrixHeader, cells: Cells): Telling {
  return useMemo(() => {
    const {support, predicted, recall, precision} = header.per_class;
    return {
      cells,
      names: (index: number) => visibleName(header.class_names[index] ?? String(index)),
      margins: {
        support,
        predicted,
        recall,
        precision,
        accuracy: header.averages.accuracy.value,
        total: header.total,
      },
      weighted: header.weighted,
      normalised: header.normalised,
      bound: header.error_bound,
    };
  }, [header, cells]);
}

/** Up to 60 classes: every name, and the margins. Zoom only where names would not fit. */
function SmallMatrix({header, picture, pens, telling}: SquareProps) {
  const {ref, width} = useWidth<HTMLDivElement>(560);
  const names = useNames(header);
  const classes = header.classes;
  const frame = useMemo(
    () =>
      panelFrame({
        width,
        span: classes,
        names,
        measure: measureIn(pens.family, 12),
        margins: true,
        supportKnown: !header.normalised,
        tallest: 760,
      }),
    [width, classes, names, pens, header.normalised],
  );
  const zoomable = frame.side / classes < LABEL_LINE;
  const window = useSignal<Window>(whole(classes));
  const reset = () => {
    window.value = whole(classes);
  };
  useLayoutEffect(reset, [classes, zoomable]);
  return (
    <>
      <Controls normalised={header.normalised}>
        {zoomable ? <ZoomButtons window={window} classes={classes} onReset={reset} /> : null}
      </Controls>
      <div ref={ref} class="matrix-body">
        <Heatmap
          label="Confusion matrix, rows true, columns predicted"
          frame={frame}
          picture={picture}
          pens={pens}
          telling={telling}
          withMargins
          window={window}
          zoomable={zoomable}
          onReset={reset}
        />
      </div>
    </>
  );
}

/** The pinned cell in words; else what one can do here. Screen readers hear the cursor's cell. */
function Story({telling, zoomable}: {readonly telling: Telling; readonly zoomable: boolean}) {
  const at = pinned.value ?? (spot.value?.from === 'keys' ? spot.value : null);
  return (
    <div class="story" aria-live="polite">
      {at ? (
        <SpotLine spot={at} {...telling} />
      ) : (
        <p class="muted">
          {zoomable ? 'Scroll zooms, drag pans, 0 resets. ' : ''}
          Click a cell to keep its numbers here; arrow keys move over the cells.
        </p>
      )}
    </div>
  );
}
