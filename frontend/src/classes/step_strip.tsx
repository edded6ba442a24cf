/** The steps that are kept: one tick each, a solid handle on the shown one, a hollow one to compare. */
import {useEffect, useRef} from 'preact/hooks';
import type {Steps} from '../api/types.ts';
import {nearestIndex} from '../charts/path.ts';
import {Icon} from '../elements/glyph.tsx';
import {formatInteger, formatWallTime, plural} from '../elements/index.ts';
import {type Axis, place, ticks, valueAt} from './chart.ts';
import {playing} from './state.ts';
import {useWidth} from './use_width.ts';

interface StepStripProps {
  readonly steps: Steps;
  /** Index of the shown step. */
  readonly at: number;
  /** Index of the step that is compared with; null = none. */
  readonly compare: number | null;
  readonly loading: boolean;
  onShow(index: number): void;
  onCompare(index: number | null): void;
}

const HEIGHT = 46;
const LINE = 15;
const EDGE = 16;
/** Milliseconds between two steps while playing. */
const PLAY_MS = 350;

export function StepStrip(props: StepStripProps) {
  const {steps, at, compare, onCompare} = props;
  const count = steps.step.length;
  return (
    <>
      <PlayButton {...props} />
      <Slider {...props} />
      <span class="strip-note">
        {plural(count, 'step')}
        {count > 1 ? (
          <button
            type="button"
            class="link"
            onClick={() => onCompare(compare === null ? earlier(at, count) : null)}
          >
            {compare === null ? 'compare' : 'stop comparing'}
          </button>
        ) : null}
      </span>
    </>
  );
}

/** Where comparing begins: a third of the way back, so that there is something to see. */
function earlier(at: number, count: number): number {
  return at === 0 ? count - 1 : Math.floor((at * 2) / 3);
}

function PlayButton({steps, at, loading, onShow}: StepStripProps) {
  const last = steps.step.length - 1;
  useEffect(() => {
    if (!playing.value || loading) return; // never ahead of what is drawn
    if (at >= last) {
      playing.value = false;
      return;
    }
    const timeout = setTimeout(() => onShow(at + 1), PLAY_MS);
    return () => clearTimeout(timeout);
  }, [playing.value, loading, at, last, onShow]);
  const toggle = () => {
    if (!playing.value && at >= last) onShow(0);
    playing.value = !playing.value;
  };
  return (
    <button
      type="button"
      class="play"
      disabled={last < 1}
      aria-label={playing.value ? 'Pause' : 'Play through the steps'}
      title={playing.value ? 'Pause (space)' : 'Play (space)'}
      onClick={toggle}
    >
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <path
          d={playing.value ? 'M3 1.5h2.2v9H3zM6.8 1.5H9v9H6.8z' : 'M3 1.5v9l7.5-4.5z'}
          fill="currentColor"
        />
      </svg>
    </button>
  );
}

function Slider(props: StepStripProps) {
  const {steps, at, compare, onShow, onCompare} = props;
  const {ref, width} = useWidth<HTMLDivElement>(600);
  const values = steps.step;
  const low = values[0] ?? 0;
  const high = values[values.length - 1] ?? 0;
  const axis: Axis = {low, high, from: EDGE, to: Math.max(EDGE + 1, width - EDGE)};
  const x = (index: number) => place(axis, values[index] ?? 0);
  const dragged = useRef<'show' | 'compare' | null>(null);

  const move = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const index = nearestIndex(values, valueAt(axis, event.clientX - box.left));
    if (index < 0) return;
    if (dragged.current === 'compare') onCompare(index);
    else if (dragged.current === 'show') onShow(index);
  };
  const press = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const pointer = event.clientX - box.left;
    const near = compare !== null && Math.abs(x(compare) - pointer) < 10;
    const nearer = near && Math.abs(x(compare) - pointer) < Math.abs(x(at) - pointer);
    dragged.current = nearer || (event.shiftKey && compare !== null) ? 'compare' : 'show';
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    const handle = (event.currentTarget as HTMLElement).querySelector<SVGElement>(
      `[data-handle=${dragged.current}]`,
    );
    handle?.focus({preventScroll: true});
    move(event);
    event.preventDefault();
  };
  return (
    <div
      ref={ref}
      class="slider"
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={() => {
        dragged.current = null;
      }}
      onPointerCancel={() => {
        dragged.current = null;
      }}
    >
      <svg width={width} height={HEIGHT}>
        <title>Steps</title>
        <Track {...props} axis={axis} width={width} />
        {compare === null ? null : (
          <Handle
            kind="compare"
            steps={steps}
            index={compare}
            x={x(compare)}
            word={compare > at ? 'against' : 'since'}
            onMove={onCompare}
          />
        )}
        <Handle kind="show" steps={steps} index={at} x={x(at)} word="step" onMove={onShow} />
      </svg>
    </div>
  );
}

/** Line, ticks and numbers. One path for all ticks: a thousand of them cost one node. */
function Track({
  steps,
  at,
  compare,
  axis,
  width,
}: StepStripProps & {readonly axis: Axis; readonly width: number}) {
  const values = steps.step;
  const column = (index: number) => Math.round(place(axis, values[index] ?? 0));
  const all = values.map((_, index) => index);
  const matrices = all.filter((index) => steps.has_matrix[index]);
  const others = all.filter((index) => !steps.has_matrix[index]);
  // On whole pixels, each once: a thousand steps are an even band and not a moire.
  const path = (indices: readonly number[]) =>
    [...new Set(indices.map(column))].map((x) => `M${x}.5 ${LINE + 5}v6`).join('');
  const dense = values.length * 2.5 > axis.to - axis.from;
  const taken = compare === null ? [at] : [at, compare];
  const labels = ticks(axis.low, axis.high, Math.max(1, Math.floor(width / 110))).filter(
    (value) =>
      Number.isInteger(value) &&
      taken.every((index) => Math.abs(place(axis, value) - place(axis, values[index] ?? 0)) > 92),
  );
  const from = compare === null ? axis.from : place(axis, values[compare] ?? 0);
  const to = place(axis, values[at] ?? 0);
  return (
    <g>
      <path class="strip-ticks without" d={path(others)} />
      <path class={`strip-ticks ${dense ? 'dense' : ''}`} d={path(matrices)} />
      <path class="strip-line" d={`M${axis.from} ${LINE}H${axis.to}`} />
      <path class="strip-span" d={`M${from} ${LINE}H${to}`} />
      {axis.high > axis.low
        ? labels.map((value) => (
            <text key={value} x={place(axis, value)} y={41} text-anchor="middle">
              {formatInteger(value)}
            </text>
          ))
        : null}
    </g>
  );
}

interface HandleProps {
  readonly kind: 'show' | 'compare';
  readonly steps: Steps;
  readonly index: number;
  readonly x: number;
  /** What stands before the step. */
  readonly word: string;
  onMove(index: number): void;
}

function Handle({kind, steps, index, x, word, onMove}: HandleProps) {
  const value = steps.step[index] ?? 0;
  const last = steps.step.length - 1;
  const shown = kind === 'show';
  const press = (event: KeyboardEvent) => {
    const next = nextIndex(event.key, index, last);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    onMove(next);
  };
  const spoken = `step ${formatInteger(value)}, ${index + 1} of ${last + 1}, ${formatWallTime(steps.wall_time[index] ?? 0)}`;
  return (
    <g
      role="slider"
      data-handle={kind}
      class={`handle ${kind}`}
      tabindex={0}
      aria-label={shown ? 'Step shown' : 'Step to compare with'}
      aria-valuemin={steps.step[0] ?? 0}
      aria-valuemax={steps.step[last] ?? 0}
      aria-valuenow={value}
      aria-valuetext={spoken}
      onKeyDown={press}
    >
      <title>{spoken}</title>
      <circle cx={x} cy={LINE} r={shown ? 7 : 6} />
      <text x={x} y={41} text-anchor={anchorAt(index, last)} dx={dxAt(index, last)}>
        <tspan class="muted">{`${word} `}</tspan>
        {formatInteger(value)}
      </text>
    </g>
  );
}

/** Labels at the ends of the line grow inwards. */
function anchorAt(index: number, last: number): 'start' | 'middle' | 'end' {
  return last === 0 ? 'middle' : index === 0 ? 'start' : index === last ? 'end' : 'middle';
}

function dxAt(index: number, last: number): number {
  return last === 0 ? 0 : index === 0 ? -8 : index === last ? 8 : 0;
}

/** What a key makes of a step's index; null = not ours. */
export function nextIndex(key: string, index: number, last: number): number | null {
  const page = Math.max(1, Math.round(last / 10));
  const wanted = new Map([
    ['ArrowLeft', index - 1],
    ['ArrowDown', index - 1],
    ['ArrowRight', index + 1],
    ['ArrowUp', index + 1],
    ['PageDown', index - page],
    ['PageUp', index + page],
    ['Home', 0],
    ['End', last],
  ]).get(key);
  return wanted === undefined ? null : Math.min(last, Math.max(0, wanted));
}

export function StripCut({cut}: {readonly cut: string | null}) {
  return cut ? (
    <span class="strip-cut" title={cut}>
      <Icon name="info" /> {cut}
    </span>
  ) : null;
}
