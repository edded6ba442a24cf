/** Curves with their bands, named at their ends; hover reads values, a click goes to the step. */
import {useId, useMemo, useState} from 'preact/hooks';
import {nearestIndex} from '../charts/path.ts';
import {formatInteger, formatScore, Tooltip} from '../elements/index.ts';
import type {XAxis} from '../state/view.ts';
import {type Axis, bandPath, linePath, place, scoreRange, ticks, valueAt} from './chart.ts';
import {measureIn} from './fonts.ts';
import {cutTo, spread} from './labels.ts';
import {useSize} from './use_width.ts';
import {xText, xTicks, xTitle} from './x_axis.ts';

/** One curve; NaN = undefined. */
export interface Line {
  readonly key: string;
  readonly label: string;
  readonly color: string;
  readonly dashed: boolean;
  readonly x: Float64Array;
  readonly step: Float64Array;
  readonly value: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
}

interface LineChartProps {
  readonly lines: readonly Line[];
  readonly kind: XAxis;
  /** Positions of dotted lines: the shown step, and the one compared with. */
  readonly marks: readonly {readonly at: number; readonly hollow: boolean}[];
  readonly label: string;
  /** Goes to a step of the shown run. */
  onPick(at: number): void;
}

const TOP = 10;
const LEFT = 42;
const BOTTOM = 38;
const LABEL_GAP = 15;
/** Points from which a curve is drawn thinner. */
const DENSE = 300;
/** The stroke in the curve's colour before its name. */
const KEY = 12;
/** Curves that end this near to their name are tied to it. */
const NEAR = 24;
const LONGEST_LABEL = 132;

export function LineChart({lines, kind, marks, label, onPick}: LineChartProps) {
  const {ref, width, height} = useSize<HTMLDivElement>(520, 260);
  const clip = useId();
  const [hover, setHover] = useState<{x: number; clientX: number; clientY: number} | null>(null);
  const frame = useMemo(() => frameOf(lines, width, height), [lines, width, height]);
  const {x, y, right} = frame;
  const paths = useMemo(() => lines.map((line) => pathsOf(line, x, y)), [lines, x, y]);
  const move = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = event.clientX - box.left;
    const inside = at >= LEFT - 6 && at <= width - right + 6;
    setHover(inside ? {x: valueAt(x, at), clientX: event.clientX, clientY: event.clientY} : null);
  };
  const read = hover ? readout(lines, hover.x) : null;
  return (
    <div ref={ref} class="line-chart">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the step slider is the keys' way */}
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${label}: ${lines.map(spokenLine).join('; ')}`}
        onPointerMove={move}
        onPointerLeave={() => setHover(null)}
        onClick={() => {
          if (read) onPick(read.x);
        }}
      >
        <clipPath id={clip}>
          <rect
            x={LEFT}
            y={TOP - 2}
            width={Math.max(0, width - LEFT - right)}
            height={height - TOP - BOTTOM + 4}
          />
        </clipPath>
        <Grid x={x} y={y} kind={kind} width={width} right={right} height={height} />
        <g clip-path={`url(#${clip})`}>
          {marks.map(({at, hollow}) => (
            <path
              key={`${at} ${hollow}`}
              class={`mark ${hollow ? 'hollow' : ''}`}
              d={`M${place(x, at).toFixed(1)} ${TOP}V${height - BOTTOM}`}
            />
          ))}
          {lines.map((line, index) => (
            <path key={line.key} class="band" d={paths[index]?.band ?? ''} fill={line.color} />
          ))}
          {lines.map((line, index) => (
            <path
              key={line.key}
              class={`line ${line.dashed ? 'dashed' : ''} ${line.x.length > DENSE ? 'dense' : ''}`}
              d={paths[index]?.line ?? ''}
              stroke={line.color}
            />
          ))}
        </g>
        {lines.map((line) => {
          const only = onlyPoint(line.value);
          return only < 0 ? null : (
            <circle
              key={line.key}
              cx={place(x, line.x[only] as number)}
              cy={place(y, line.value[only] as number)}
              r="3"
              fill={line.color}
            />
          );
        })}
        {read ? (
          <path class="crosshair" d={`M${place(x, read.x)} ${TOP}V${height - BOTTOM}`} />
        ) : null}
        {read?.points.map(({line, index}) => (
          <circle
            key={line.key}
            cx={place(x, line.x[index] as number)}
            cy={place(y, line.value[index] as number)}
            r="3.2"
            fill={line.color}
            class="reading"
          />
        ))}
        <EndLabels lines={lines} x={x} y={y} right={right} width={width} />
      </svg>
      {hover && read ? (
        <Tooltip x={hover.clientX} y={hover.clientY}>
          <Reading kind={kind} read={read} />
        </Tooltip>
      ) : null}
    </div>
  );
}

interface ChartFrame {
  readonly x: Axis;
  readonly y: Axis;
  readonly right: number;
}

function frameOf(lines: readonly Line[], width: number, height: number): ChartFrame {
  const measure = measureIn('"Roboto Variable", Roboto, sans-serif', 12, 500);
  const longest = lines.reduce((most, {label}) => Math.max(most, measure(label)), 0);
  const right = Math.ceil(Math.min(LONGEST_LABEL, width * 0.3, longest)) + KEY + 16;
  const ends = lines.flatMap((line) => [line.x[0], line.x[line.x.length - 1]]);
  const known = ends.filter((end): end is number => end !== undefined);
  const low = known.length > 0 ? Math.min(...known) : 0;
  const high = known.length > 0 ? Math.max(...known) : 1;
  const [bottom, top] = scoreRange(scoresOf(lines));
  return {
    right,
    x: {low, high, from: LEFT, to: Math.max(LEFT + 10, width - right)},
    y: {low: bottom, high: top, from: height - BOTTOM, to: TOP},
  };
}

/** All values, and the bands of the later three quarters: early ones are as wide as they are vague. */
function* scoresOf(lines: readonly Line[]): Iterable<number> {
  for (const {value, low, high} of lines) {
    for (let index = 0; index < value.length; index++) {
      yield value[index] as number;
      if (index < value.length / 4) continue;
      yield low[index] as number;
      yield high[index] as number;
    }
  }
}

function pathsOf(line: Line, x: Axis, y: Axis): {line: string; band: string} {
  const xs = line.x.map((value) => place(x, value));
  const ys = (values: Float32Array) => Float64Array.from(values, (value) => place(y, value));
  return {line: linePath(xs, ys(line.value)), band: bandPath(xs, ys(line.low), ys(line.high))};
}

interface GridProps extends ChartFrame {
  readonly kind: XAxis;
  readonly width: number;
  readonly height: number;
}

function Grid({x, y, kind, width, right, height}: GridProps) {
  const rows = ticks(y.low, y.high, Math.max(2, Math.floor((height - TOP - BOTTOM) / 42)));
  const columns = xTicks(kind, x.low, x.high, Math.max(2, Math.floor((x.to - x.from) / 78)));
  const decimals = rows.length > 1 && (rows[1] as number) - (rows[0] as number) < 0.0999 ? 2 : 1;
  return (
    <g class="chart-grid">
      {rows.map((value) => (
        <path key={value} d={`M${LEFT} ${place(y, value)}H${width - right}`} />
      ))}
      {rows.map((value) => (
        <text key={value} x={LEFT - 7} y={place(y, value) + 4} text-anchor="end">
          {value.toFixed(decimals)}
        </text>
      ))}
      {columns.map(({at, text}) => (
        <text key={at} x={place(x, at)} y={height - BOTTOM + 16} text-anchor="middle">
          {text}
        </text>
      ))}
      <text x={(x.from + x.to) / 2} y={height - 5} text-anchor="middle">
        {xTitle(kind, x.high - x.low)}
      </text>
    </g>
  );
}

interface EndLabelsProps extends ChartFrame {
  readonly lines: readonly Line[];
  readonly width: number;
}

/** The name of each curve beside its last value, moved apart where they would overlap. */
function EndLabels({lines, x, y, right, width}: EndLabelsProps) {
  const measure = measureIn('"Roboto Variable", Roboto, sans-serif', 12, 500);
  const named = lines.flatMap((line) => {
    const last = lastFinite(line.value);
    return last < 0
      ? []
      : [{line, at: place(y, line.value[last] as number), end: line.x[last] as number}];
  });
  const placed = spread(
    named.map(({at}) => at),
    LABEL_GAP,
    y.to + 2,
    y.from,
  );
  const left = width - right + 8;
  return (
    <g class="end-labels">
      {placed.map(({index, y: top}) => {
        const label = named[index];
        if (!label) return null;
        const {line, at, end} = label;
        const from = place(x, end);
        const tied = Math.abs(top - at) > 6 && x.to - from < NEAR;
        return (
          <g key={line.key}>
            {tied ? (
              <path
                class="leader"
                d={`M${from.toFixed(1)} ${at.toFixed(1)}L${left - 2} ${top.toFixed(1)}`}
                stroke={line.color}
              />
            ) : null}
            <path
              d={`M${left} ${top.toFixed(1)}h${KEY - 4}`}
              stroke={line.color}
              stroke-dasharray={line.dashed ? '3 2' : undefined}
            />
            <text x={left + KEY} y={top + 4}>
              <title>{line.label}</title>
              {cutTo(line.label, right - KEY - 12, measure)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function lastFinite(values: Float32Array): number {
  for (let index = values.length - 1; index >= 0; index--) {
    if (Number.isFinite(values[index])) return index;
  }
  return -1;
}

/** Index of the one point of a curve that has only one; else -1. */
function onlyPoint(values: Float32Array): number {
  const last = lastFinite(values);
  const first = values.findIndex((value) => Number.isFinite(value));
  return first === last ? last : -1;
}

interface Read {
  readonly x: number;
  readonly points: readonly {readonly line: Line; readonly index: number}[];
}

/** The points nearest to a position, best first; their common position is the nearest one's. */
export function readout(lines: readonly Line[], at: number): Read | null {
  let x = Number.NaN;
  for (const line of lines) {
    const near = line.x[nearestIndex(line.x, at)];
    if (near === undefined) continue;
    if (Number.isNaN(x) || Math.abs(near - at) < Math.abs(x - at)) x = near;
  }
  if (Number.isNaN(x)) return null;
  const points = lines.flatMap((line) => {
    const index = nearestIndex(line.x, x);
    const inside =
      index >= 0 && x >= (line.x[0] as number) && x <= (line.x[line.x.length - 1] as number);
    return inside && Number.isFinite(line.value[index]) ? [{line, index}] : [];
  });
  points.sort((a, b) => (b.line.value[b.index] as number) - (a.line.value[a.index] as number));
  return {x, points};
}

function Reading({kind, read}: {readonly kind: XAxis; readonly read: Read}) {
  return (
    <>
      <p class="muted">{xText(kind, read.x)}</p>
      <table class="tip-table">
        <tbody>
          {read.points.map(({line, index}) => {
            const low = line.low[index] as number;
            const high = line.high[index] as number;
            return (
              <tr key={line.key}>
                <td class="of">
                  <span class="swatch on" style={{background: line.color}} /> {line.label}
                </td>
                <td class="number">{formatScore(line.value[index])}</td>
                <td class="number muted">
                  {Number.isFinite(low) && Number.isFinite(high)
                    ? `95 %: ${formatScore(low)} \u2013 ${formatScore(high)}`
                    : ''}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {read.points.length === 0 ? <p>undefined at this step</p> : null}
    </>
  );
}

function spokenLine(line: Line): string {
  const last = lastFinite(line.value);
  if (last < 0) return `${line.label}: undefined`;
  return `${line.label}: ${formatScore(line.value[last])} at step ${formatInteger(line.step[last] as number)}`;
}
