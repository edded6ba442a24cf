/** One square of cells with its names and margins: pointer, wheel and keys. */
import {effect, type Signal} from '@preact/signals';
import {useId, useLayoutEffect, useRef} from 'preact/hooks';
import {CellTip, type Telling} from './cell_tip.tsx';
import type {Pens, Picture} from './draw_cells.ts';
import {drawSurroundings, type Surroundings} from './draw_margins.ts';
import {drawPin, drawSpot, type Spot} from './draw_overlay.ts';
import {cellBox, type PanelFrame} from './geometry.ts';
import {gridMove} from './grid_keys.ts';
import type {Box} from './labels.ts';
import {Layers} from './layers.tsx';
import {Painter} from './painter.ts';
import {pinned, spot} from './state.ts';
import {cellUnder, panned, revealing, type Window, zoomed} from './window.ts';
import {spokenCell} from './words.ts';

interface HeatmapProps {
  readonly label: string;
  readonly frame: PanelFrame;
  readonly picture: Picture;
  readonly pens: Pens;
  readonly telling: Telling;
  /** Draws supports, recall, precision and predicted around the square. */
  readonly withMargins: boolean;
  readonly window: Signal<Window>;
  /** Wheel, drag, + and - change the window; 0 calls `onReset`. */
  readonly zoomable: boolean;
  onReset(): void;
}

/** Pixels that a pointer may move before a click becomes a drag. */
const SLACK = 4;
const WHEEL_ZOOM = 1.0016;

export function Heatmap(props: HeatmapProps) {
  const {label, frame, picture, pens, telling, withMargins, zoomable} = props;
  const shown = props.window;
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const cellId = useId();
  const dragging = useRef<{x: number; y: number; from: Window; moved: boolean} | null>(null);
  const classes = picture.order.length;

  const partsAt = (window: Window): Surroundings => ({
    frame,
    window,
    picture,
    names: telling.names,
    margins: withMargins ? telling.margins : null,
  });

  // Painting follows signals, not renders: hovering and panning redraw no component.
  useLayoutEffect(() => {
    if (!base.current || !top.current) return;
    const painter = new Painter(base.current, top.current);
    const stopBase = effect(() => {
      const parts = partsAt(shown.value);
      painter.paint(parts, pens, (pencil) => drawSurroundings(pencil, parts));
    });
    const stopTop = effect(() => {
      const parts = partsAt(shown.value);
      painter.overlay(parts, pens, (pencil) => {
        if (spot.value) drawSpot(pencil, parts, spot.value);
        if (pinned.value) drawPin(pencil, parts, pinned.value);
      });
    });
    return () => {
      stopBase();
      stopTop();
    };
  }, [frame, picture, pens, telling, withMargins, shown]);

  useLayoutEffect(() => {
    const element = grid.current;
    if (!element || !zoomable) return;
    const turn = (event: WheelEvent) => {
      const at = placeOf(event, element, frame);
      if (!at || at.x < 0 || at.y < 0 || at.x > 1 || at.y > 1) return;
      const next = zoomed(shown.peek(), WHEEL_ZOOM ** -event.deltaY, at.x, at.y, classes);
      if (next.span === shown.peek().span) return; // at its limit: the page scrolls on
      event.preventDefault();
      shown.value = next;
    };
    element.addEventListener('wheel', turn, {passive: false});
    return () => element.removeEventListener('wheel', turn);
  }, [frame, classes, zoomable, shown]);

  const move = (event: PointerEvent) => {
    const element = event.currentTarget as HTMLElement;
    const drag = dragging.current;
    if (drag) {
      const dx = (drag.x - event.clientX) / frame.side;
      const dy = (drag.y - event.clientY) / frame.side;
      drag.moved ||= Math.hypot(dx, dy) * frame.side > SLACK;
      if (drag.moved && zoomable) shown.value = panned(drag.from, dx, dy, classes);
      if (drag.moved) spot.value = null;
      return;
    }
    spot.value = spotAt(event, element, frame, shown.peek(), picture);
  };
  const press = (event: PointerEvent) => {
    if (event.button !== 0) return;
    dragging.current = {x: event.clientX, y: event.clientY, from: shown.peek(), moved: false};
    if (zoomable) (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  };
  const release = (event: PointerEvent) => {
    const drag = dragging.current;
    dragging.current = null;
    if (!drag || drag.moved) return;
    const on = spotAt(event, event.currentTarget as HTMLElement, frame, shown.peek(), picture);
    if (on && on.truth !== null && on.guess !== null) togglePin(on);
  };
  const keys = (event: KeyboardEvent) => {
    const at = cursorOf(picture, shown.peek());
    const act = gridMove(event.key, event.shiftKey, at, classes);
    if (!act) return;
    if (act.zoom !== undefined && !zoomable) return;
    event.preventDefault();
    event.stopPropagation();
    if (act.reset) props.onReset();
    else if (act.zoom !== undefined)
      shown.value = zoomed(shown.peek(), act.zoom, 0.5, 0.5, classes);
    else if (act.pin && spot.value) togglePin(spot.value);
    else if (act.leave) spot.value = null;
    else if (act.to) {
      shown.value = revealing(shown.peek(), act.to.row, act.to.column, classes);
      point(act.to);
    }
  };
  const point = ({row, column}: {row: number; column: number}) => {
    spot.value = {
      truth: picture.order[row] as number,
      guess: picture.order[column] as number,
      from: 'keys',
    };
  };
  // Whoever comes by Tab sees at once where the arrows start.
  const focus = (event: FocusEvent) => {
    if (spot.peek() || !(event.currentTarget as HTMLElement).matches(':focus-visible')) return;
    point(cursorOf(picture, shown.peek()));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an ARIA grid over a canvas, not a table
    <div
      ref={grid}
      class={`heatmap ${zoomable ? 'zoomable' : ''}`}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={classes}
      aria-colcount={classes}
      aria-activedescendant={cellId}
      data-left={frame.left}
      data-top={frame.top}
      data-side={frame.side}
      style={{width: `${frame.width}px`, height: `${frame.height}px`}}
      onPointerMove={move}
      onPointerDown={press}
      onPointerUp={release}
      onPointerCancel={() => {
        dragging.current = null;
      }}
      onPointerLeave={() => {
        if (spot.peek()?.from === 'matrix') spot.value = null;
      }}
      onKeyDown={keys}
      onFocus={focus}
      onBlur={() => {
        if (spot.peek()?.from === 'keys') spot.value = null;
      }}
    >
      <Layers base={base} top={top} />
      <ActiveCell id={cellId} picture={picture} telling={telling} window={shown} />
      <FloatingTip grid={grid} frame={frame} window={shown} picture={picture} telling={telling} />
    </div>
  );
}

function togglePin({truth, guess}: Spot): void {
  const same = pinned.value?.truth === truth && pinned.value?.guess === guess;
  pinned.value = same ? null : {truth, guess};
}

/** The position of the cursor: the cell last pointed at, else the first that is in view. */
function cursorOf(picture: Picture, window: Window): {row: number; column: number} {
  const at = spot.peek();
  const row = at?.truth == null ? -1 : (picture.positions[at.truth] ?? -1);
  const column = at?.guess == null ? -1 : (picture.positions[at.guess] ?? -1);
  return {
    row: row >= 0 ? row : Math.ceil(window.row),
    column: column >= 0 ? column : Math.ceil(window.column),
  };
}

/** Where an event lies in the square, both in [0, 1) inside it. */
function placeOf(event: MouseEvent, element: HTMLElement, frame: PanelFrame) {
  const box = element.getBoundingClientRect();
  return {
    x: (event.clientX - box.left - frame.left) / frame.side,
    y: (event.clientY - box.top - frame.top) / frame.side,
  };
}

/** The cell under the pointer; on a name or a margin, its row or column alone. */
function spotAt(
  event: MouseEvent,
  element: HTMLElement,
  frame: PanelFrame,
  window: Window,
  picture: Picture,
): typeof spot.value {
  const {x, y} = placeOf(event, element, frame);
  const inside = (share: number) => share >= 0 && share < 1;
  const under = cellUnder(window, inside(x) ? x : 0, inside(y) ? y : 0, picture.order.length);
  if (!under || (!inside(x) && !inside(y))) return null;
  return {
    truth: inside(y) ? (picture.order[under.row] as number) : null,
    guess: inside(x) ? (picture.order[under.column] as number) : null,
    from: 'matrix',
  };
}

/** The one cell that screen readers see: it follows the cursor. */
function ActiveCell({
  id,
  picture,
  telling,
  window,
}: {
  readonly id: string;
  readonly picture: Picture;
  readonly telling: Telling;
  readonly window: Signal<Window>;
}) {
  const at = spot.value;
  const first = window.value;
  const truth = at?.truth ?? (picture.order[Math.ceil(first.row)] as number);
  const guess = at?.guess ?? (picture.order[Math.ceil(first.column)] as number);
  const row = (picture.positions[truth] ?? 0) + 1;
  const column = (picture.positions[guess] ?? 0) + 1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: an ARIA grid over a canvas, not a table
    <div role="row" tabIndex={-1} class="unseen" aria-rowindex={row}>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <span
        role="gridcell"
        tabIndex={-1}
        id={id}
        aria-colindex={column}
        aria-label={spokenCell(telling.cells, {...telling, truth, guess})}
      />
    </div>
  );
}

function FloatingTip({
  grid,
  frame,
  window: shown,
  picture,
  telling,
}: {
  readonly grid: {readonly current: HTMLDivElement | null};
  readonly frame: PanelFrame;
  readonly window: Signal<Window>;
  readonly picture: Picture;
  readonly telling: Telling;
}) {
  const at = spot.value;
  const view = shown.value;
  const box = grid.current?.getBoundingClientRect();
  if (!at || at.from === 'table' || !box) return null;
  const anchor = anchorOf(at, frame, view, picture);
  if (!anchor) return null;
  return (
    <CellTip
      {...telling}
      spot={at}
      anchor={{...anchor, left: anchor.left + box.left, top: anchor.top + box.top}}
      bounds={{left: 4, top: 4, width: innerWidth - 8, height: innerHeight - 8}}
    />
  );
}

/** The box that the tooltip keeps clear of; null where the spot is out of view. */
function anchorOf(at: Spot, frame: PanelFrame, window: Window, picture: Picture): Box | null {
  const position = (index: number | null) =>
    index === null ? null : (picture.positions[index] ?? -1);
  const row = position(at.truth);
  const column = position(at.guess);
  if (row === -1 || column === -1) return null;
  const cell = cellBox(
    frame,
    window,
    row ?? Math.floor(window.row),
    column ?? Math.floor(window.column),
  );
  if (!cell) return null;
  // Of a whole row or column, what must stay visible is its name.
  if (row === null) return {...cell, top: 0, height: frame.top};
  if (column === null) return {...cell, left: 0, width: frame.left};
  return cell;
}
