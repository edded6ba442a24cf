/** A chart of curves with words above it: canvas for the curves, SVG for what is written. */

import type {ComponentChildren} from 'preact';
import {useEffect, useLayoutEffect, useRef, useState} from 'preact/hooks';
import {Tooltip} from '../elements/tooltip.tsx';
import {useWidth} from '../state/size.ts';
import {dark} from '../state/theme.ts';
import {type Drawing, type Frame, Plot, type Scales, scalesOf} from './plot.ts';

interface LineChartProps extends Drawing {
  /** What is drawn, for screen readers. */
  readonly label: string;
  readonly height: number;
  /** The x values that arrows and the pointer stop at, ascending. */
  readonly stops: ArrayLike<number>;
  /** What is written over the curves; in SVG. */
  annotations?(scales: Scales, frame: Frame): ComponentChildren;
  /** The words at one of the stops; `y` is the pointer's height in values, if it is there. */
  readout(
    x: number,
    y: number | null,
  ): {readonly text: string; readonly content: ComponentChildren};
  /** Marks at one of the stops; in SVG. */
  marks?(x: number, scales: Scales, frame: Frame): ComponentChildren;
}

interface Hover {
  readonly x: number;
  /** Of the pointer, in the chart's box; null if the keyboard moved here. */
  readonly pointer: {readonly x: number; readonly y: number} | null;
}

export function LineChart(props: LineChartProps) {
  const {label, height, stops, annotations, readout, marks, ...drawing} = props;
  const [box, width] = useWidth<HTMLDivElement>(0);
  const [frame, setFrame] = useState<Frame | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const plot = usePlot(box, drawing, width, height, setFrame);
  const scales = frame ? scalesOf(frame) : null;

  const stopAt = (value: number) => nearestStop(stops, value);
  const onPointer = (event: PointerEvent) => {
    const place = box.current?.getBoundingClientRect();
    if (!place || !frame || !scales) return;
    const pointer = {x: event.clientX - place.left, y: event.clientY - place.top};
    const stop = stopAt(scales.xAt(pointer.x));
    setHover(isInside(pointer, frame) && stop !== null ? {x: stop, pointer} : null);
  };
  const onKey = (event: KeyboardEvent) => {
    const moved = moveStop(stops, hover?.x ?? null, event);
    if (event.key === 'Escape') {
      setHover(null);
      plot.current?.resetZoom();
    }
    if (moved === null) return;
    event.preventDefault();
    setHover({x: moved, pointer: null});
  };

  const seen = hover && frame && hover.x >= frame.x[0] && hover.x <= frame.x[1] ? hover : null;
  const heard = seen && scales && frame ? readout(seen.x, pointerValue(seen, frame)) : null;
  const last = stops[stops.length - 1] ?? 0;
  return (
    <div class="chart" ref={box} onPointerMove={onPointer} onPointerLeave={() => setHover(null)}>
      {frame && scales ? (
        <svg class="chart-words" width={width} height={height} aria-hidden="true">
          {annotations?.(scales, frame)}
          {seen ? (
            <path class="chart-cursor" d={`M${scales.x(seen.x)} ${frame.top}v${frame.height}`} />
          ) : null}
          {seen ? marks?.(seen.x, scales, frame) : null}
        </svg>
      ) : null}
      {/* A chart that arrows walk through is a slider over its x values. */}
      <div
        class="chart-keys"
        role="slider"
        tabIndex={0}
        aria-label={`${label}. Arrow keys read the values.`}
        aria-valuemin={stops[0] ?? 0}
        aria-valuemax={last}
        aria-valuenow={hover?.x ?? last}
        aria-valuetext={heard?.text ?? label}
        onKeyDown={onKey}
        onBlur={() => setHover(null)}
      />
      {frame?.zoomed ? (
        <button
          type="button"
          class="button chart-reset"
          style={{right: `${drawing.margin.right + 8}px`}}
          onClick={() => plot.current?.resetZoom()}
        >
          Show all
        </button>
      ) : null}
      {heard && seen && scales && frame ? (
        <Tooltip {...tooltipPlace(box.current, seen, scales, frame)}>{heard.content}</Tooltip>
      ) : null}
    </div>
  );
}

/** Keeps a Plot in the box: made anew for another kind of axes, else updated. */
function usePlot(
  box: {readonly current: HTMLDivElement | null},
  drawing: Drawing,
  width: number,
  height: number,
  onFrame: (frame: Frame) => void,
) {
  const plot = useRef<Plot | null>(null);
  const {xAxis, log, margin} = drawing;
  const ready = width > 0;
  useLayoutEffect(() => {
    const element = box.current;
    if (!ready || !element) return;
    plot.current = new Plot(element, drawing, {width, height}, onFrame);
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
  }, [ready, xAxis, log, margin.top, margin.right]);
  useEffect(() => {
    if (ready) plot.current?.resize(width, height);
  }, [width, height]);
  useEffect(() => {
    plot.current?.update(drawing);
  }, [drawing.lines, drawing.areas, ...drawing.xRange, ...drawing.yRange, dark.value]);
  return plot;
}

function nearestStop(stops: ArrayLike<number>, value: number): number | null {
  let best: number | null = null;
  let distance = Number.POSITIVE_INFINITY;
  for (let i = 0; i < stops.length; i++) {
    const away = Math.abs((stops[i] ?? 0) - value);
    if (away < distance) {
      distance = away;
      best = stops[i] ?? null;
    }
  }
  return best;
}

function moveStop(
  stops: ArrayLike<number>,
  from: number | null,
  event: KeyboardEvent,
): number | null {
  const end = stops.length - 1;
  if (end < 0) return null;
  const at = from === null ? end : Array.from(stops).indexOf(from);
  const far = event.shiftKey ? Math.max(1, Math.round(stops.length / 10)) : 1;
  const to = new Map([
    ['ArrowLeft', from === null ? end : at - far],
    ['ArrowRight', from === null ? end : at + far],
    ['Home', 0],
    ['End', end],
  ]).get(event.key);
  return to === undefined ? null : (stops[Math.min(end, Math.max(0, to))] ?? null);
}

function isInside({x, y}: {x: number; y: number}, frame: Frame): boolean {
  return (
    x >= frame.left - 8 &&
    x <= frame.left + frame.width + 8 &&
    y >= frame.top &&
    y <= frame.top + frame.height
  );
}

function pointerValue({pointer}: Hover, frame: Frame): number | null {
  if (!pointer) return null;
  const share = 1 - (pointer.y - frame.top) / frame.height;
  const [low, high] = frame.y;
  return frame.log ? low * (high / low) ** share : low + share * (high - low);
}

function tooltipPlace(box: HTMLElement | null, hover: Hover, scales: Scales, frame: Frame) {
  const place = box?.getBoundingClientRect();
  return {
    x: (place?.left ?? 0) + scales.x(hover.x),
    y: (place?.top ?? 0) + (hover.pointer?.y ?? frame.top + 20),
  };
}
