/** All classes in one small square: pooled dots, and on it the window that is zoomed beside. */
import {effect, type Signal, useSignal} from '@preact/signals';
import {useLayoutEffect, useRef} from 'preact/hooks';
import {formatInteger} from '../elements/format.ts';
import {CellTip, type Telling} from './cell_tip.tsx';
import {worstUnder} from './cells.ts';
import {ticks} from './chart.ts';
import type {Pens, Picture} from './draw_cells.ts';
import type {Pencil, Surroundings} from './draw_margins.ts';
import {drawMarks, drawWindow, type Spot} from './draw_overlay.ts';
import type {PanelFrame} from './geometry.ts';
import {Layers} from './layers.tsx';
import {Painter} from './painter.ts';
import {cellsPerDot} from './pool.ts';
import {cellUnder, type Window, whole, zoomed} from './window.ts';

interface OverviewMapProps {
  readonly frame: PanelFrame;
  readonly picture: Picture;
  readonly pens: Pens;
  readonly telling: Telling;
  /** The window of the square beside; null where it shows chosen classes instead. */
  readonly window: Signal<Window>;
  /** Classes that the square beside shows; null where it shows a window. */
  readonly subset: ArrayLike<number> | null;
  /** Puts the window around a position. */
  onLook(window: Window): void;
}

export function OverviewMap(props: OverviewMapProps) {
  const {frame, picture, pens, telling, subset, onLook} = props;
  const shown = props.window;
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const hover = useSignal<{spot: Spot; x: number; y: number} | null>(null);
  const dragging = useRef(false);
  const classes = picture.order.length;
  const all = whole(classes);

  useLayoutEffect(() => {
    if (!base.current || !top.current) return;
    const parts: Surroundings = {frame, window: all, picture, names: telling.names, margins: null};
    const painter = new Painter(base.current, top.current);
    painter.paint(parts, pens, (pencil) => drawRanks(pencil, frame, classes));
    return effect(() => {
      painter.overlay(parts, pens, (pencil) => {
        if (subset) drawMarks(pencil, parts, Array.from(subset));
        else drawWindow(pencil, parts, shown.value);
      });
    });
  }, [frame, picture, pens, telling, subset, shown]);

  const under = (event: MouseEvent) => {
    const edges = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const x = (event.clientX - edges.left - frame.left) / frame.side;
    const y = (event.clientY - edges.top - frame.top) / frame.side;
    return {x, y, cell: cellUnder(all, x, y, classes)};
  };
  const look = (event: PointerEvent) => {
    const {cell} = under(event);
    if (!cell) return;
    const {span} = shown.peek();
    onLook({row: cell.row - span / 2 + 0.5, column: cell.column - span / 2 + 0.5, span});
  };
  const move = (event: PointerEvent) => {
    if (dragging.current) {
      look(event);
      return;
    }
    const {cell} = under(event);
    const k = cellsPerDot(frame.side / classes);
    const found = cell
      ? worstUnder(
          picture.cells,
          picture.factors,
          picture.order,
          picture.positions,
          Math.floor(cell.row / k) * k,
          Math.floor(cell.column / k) * k,
          k,
        )
      : null;
    hover.value = found ? {spot: found, x: event.clientX, y: event.clientY} : null;
  };
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const turn = (event: WheelEvent) => {
      const next = zoomed(shown.peek(), 1.0016 ** -event.deltaY, 0.5, 0.5, classes);
      if (subset || next.span === shown.peek().span) return;
      event.preventDefault();
      onLook(next);
    };
    element.addEventListener('wheel', turn, {passive: false});
    return () => element.removeEventListener('wheel', turn);
  }, [classes, subset, shown, onLook]);
  return (
    <div
      ref={box}
      class="heatmap overview"
      style={{width: `${frame.width}px`, height: `${frame.height}px`}}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        dragging.current = true;
        hover.value = null;
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
        look(event);
      }}
      onPointerMove={move}
      onPointerUp={() => {
        dragging.current = false;
      }}
      onPointerCancel={() => {
        dragging.current = false;
      }}
      onPointerLeave={() => {
        hover.value = null;
      }}
    >
      <Layers base={base} top={top} />
      <OverviewTip hover={hover} telling={telling} />
    </div>
  );
}

function OverviewTip({
  hover,
  telling,
}: {
  readonly hover: Signal<{spot: Spot; x: number; y: number} | null>;
  readonly telling: Telling;
}) {
  const at = hover.value;
  if (!at) return null;
  return (
    <CellTip
      {...telling}
      spot={at.spot}
      anchor={{left: at.x - 6, top: at.y - 6, width: 12, height: 12}}
      bounds={{left: 4, top: 4, width: innerWidth - 8, height: innerHeight - 8}}
    />
  );
}

/** Axis titles and the ranks of classes in the shown order: names have no room here. */
function drawRanks(pencil: Pencil, frame: PanelFrame, classes: number): void {
  const {muted, faint, line} = pencil.pens;
  const head = {size: 11, weight: 500, ink: muted} as const;
  pencil.write('true \u2193', frame.left - 8, 9, {...head, align: 'right'});
  pencil.write('predicted \u2192', frame.left + 1, 9, head);
  const cell = frame.side / classes;
  const small = {size: 10.5, ink: faint} as const;
  for (const rank of ticks(0, classes, 5)) {
    const at = rank * cell;
    const text = formatInteger(rank);
    pencil.write(text, frame.left - 10, frame.top + at, {...small, align: 'right'});
    const last = at > frame.side - 18;
    pencil.write(text, frame.left + at + (last ? 8 : 0), frame.top - 14, {
      ...small,
      align: last ? 'right' : 'center',
    });
    pencil.rect(frame.left - 7, frame.top + at, 5, 1, line);
    pencil.rect(frame.left + at, frame.top - 7, 1, 5, line);
  }
  pencil.context.strokeStyle = line;
  pencil.context.lineWidth = 1;
  pencil.context.strokeRect(frame.left - 0.5, frame.top - 0.5, frame.side + 1, frame.side + 1);
}
