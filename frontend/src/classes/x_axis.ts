/** The horizontal axis of the curves: step, time since the first value, or the clock. */
import {formatDuration, formatInteger, formatWallTime} from '../elements/format.ts';
import type {XAxis} from '../state/view.ts';
import {ticks} from './chart.ts';

/** Positions of a curve's points on the chosen axis. */
export function xValues(
  kind: XAxis,
  steps: ArrayLike<number>,
  wallTimes: ArrayLike<number>,
): Float64Array {
  if (kind === 'step') return Float64Array.from(steps);
  const start = kind === 'relative' ? (wallTimes[0] ?? 0) : 0;
  return Float64Array.from(wallTimes, (time) => time - start);
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

const UNITS = [
  [86_400, 'days'],
  [3_600, 'hours'],
  [60, 'minutes'],
  [1, 'seconds'],
] as const;

/** The axis's title, with its unit. */
export function xTitle(kind: XAxis, span: number): string {
  if (kind === 'step') return 'step';
  if (kind === 'wall') return 'time';
  return `${unitOf(span)[1]} since the first value`;
}

function unitOf(span: number): readonly [number, string] {
  return UNITS.find(([size]) => span >= 2 * size) ?? UNITS[3];
}

export function xTicks(kind: XAxis, low: number, high: number, most: number): Tick[] {
  if (kind === 'wall') return clockTicks(low, high, most);
  if (kind === 'step') {
    return ticks(low, high, most)
      .filter(Number.isInteger)
      .map((at) => ({at, text: formatInteger(at)}));
  }
  const [size] = unitOf(high - low);
  return ticks(low / size, high / size, most).map((value) => ({
    at: value * size,
    text: String(value),
  }));
}

const DAY = 86_400;
const CLOCK = [1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, DAY];

/** Ticks on round local times; days where the span is long. */
function clockTicks(low: number, high: number, most: number): Tick[] {
  const rough = (high - low) / Math.max(1, most);
  const interval = CLOCK.find((s) => s >= rough) ?? Math.ceil(rough / DAY) * DAY;
  const offset = new Date(low * 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((low - offset) / interval) * interval + offset;
  const found: Tick[] = [];
  for (let at = first; at <= high; at += interval) found.push({at, text: clockText(at, interval)});
  return found.length > 0 ? found : [{at: low, text: clockText(low, 1)}];
}

function clockText(seconds: number, interval: number): string {
  const date = new Date(seconds * 1000);
  if (interval >= DAY) return date.toLocaleDateString('en-GB', {day: 'numeric', month: 'short'});
  return date.toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(interval < 60 ? {second: '2-digit'} : {}),
  });
}

/** A position in words, for the readout. */
export function xText(kind: XAxis, at: number): string {
  if (kind === 'step') return `step ${formatInteger(at)}`;
  return kind === 'wall' ? formatWallTime(at) : `after ${formatDuration(at)}`;
}
