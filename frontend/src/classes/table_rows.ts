/** What stands in the table per class: values, changes, order, range. Pure. */
import type {MatrixHeader, PerClass} from '../api/types.ts';
import {scoreRange} from './chart.ts';
import {sortedBy, sortedByName} from './order.ts';
import type {SortKey} from './state.ts';

export type Score = 'precision' | 'recall' | 'f1';
export const SCORES: readonly {readonly key: Score; readonly title: string}[] = [
  {key: 'precision', title: 'Precision'},
  {key: 'recall', title: 'Recall'},
  {key: 'f1', title: 'F1'},
];

/** A score with its interval; null = undefined. */
export interface Bar {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export function barOf(header: MatrixHeader, score: Score, index: number): Bar {
  const columns = header.per_class;
  return {
    value: columns[score][index] ?? null,
    low: columns[`${score}_low`][index] ?? null,
    high: columns[`${score}_high`][index] ?? null,
  };
}

/** A change of F1, and whether it is more than the two intervals allow by chance. */
export interface Change {
  readonly value: number;
  readonly beyondNoise: boolean;
  /** Half width of what both intervals together allow. */
  readonly noise: number | null;
}

/**
 * The change from an earlier bar. Beyond the noise where it exceeds the root of the summed
 * squares of both half widths: as if the two steps had seen different examples. On the same
 * examples real changes are smaller than that, so that an arrow is never given too early.
 */
export function changeOf(now: Bar, before: Bar): Change | null {
  if (now.value === null || before.value === null) return null;
  const value = now.value - before.value;
  const here = halfWidth(now);
  const there = halfWidth(before);
  if (here === null || there === null) return {value, beyondNoise: false, noise: null};
  const noise = Math.hypot(here, there);
  return {value, beyondNoise: Math.abs(value) > noise, noise};
}

function halfWidth({low, high}: Bar): number | null {
  return low === null || high === null ? null : (high - low) / 2;
}

/** Class indices in the table's order; undefined values last whichever way. */
export function rowOrder(
  header: MatrixHeader,
  names: readonly string[],
  before: MatrixHeader | null,
  key: SortKey,
  direction: 1 | -1,
): Uint32Array {
  switch (key) {
    case 'class':
      return header.named
        ? sortedByName(names, direction)
        : sortedBy(
            names.map((_, index) => index),
            direction,
          );
    case 'support':
    case 'predicted':
      return sortedBy(header.per_class[key], direction);
    case 'delta':
      return sortedBy(changes(header, before), direction);
    default:
      return sortedBy(header.per_class[key], direction);
  }
}

function changes(header: MatrixHeader, before: MatrixHeader | null): PerClass {
  return header.per_class.f1.map((value, index) => {
    const earlier = before?.per_class.f1[index] ?? null;
    return value === null || earlier === null ? null : value - earlier;
  });
}

/** Classes up to which every interval is drawn whole. */
const FEW_CLASSES = 30;

/**
 * The range on which all whiskers are drawn. With many classes a few of one or two examples
 * would stretch it to 0 - 1 for all: then it holds every value and nine tenths of the intervals,
 * and whiskers that go on beyond it say so with an arrow.
 */
export function whiskerRange(header: MatrixHeader): readonly [number, number] {
  const columns = header.per_class;
  const lows: number[] = [];
  const highs: number[] = [];
  const values: number[] = [];
  for (const {key} of SCORES) {
    for (let index = 0; index < header.classes; index++) {
      const value = columns[key][index] ?? null;
      if (value === null) continue;
      values.push(value);
      lows.push(columns[`${key}_low`][index] ?? value);
      highs.push(columns[`${key}_high`][index] ?? value);
    }
  }
  if (lows.length === 0) return [0, 1];
  const share = header.classes > FEW_CLASSES ? 0.05 : 0;
  return scoreRange([
    quantile(lows, share),
    quantile(highs, 1 - share),
    quantile(values, 0),
    quantile(values, 1),
  ]);
}

export function quantile(values: readonly number[], share: number): number {
  const ascending = Float64Array.from(values).sort();
  return ascending[Math.round(share * (ascending.length - 1))] ?? Number.NaN;
}

/** Where a whisker is drawn on [0, 1], cut to the range. */
export interface Whisker {
  readonly from: number;
  readonly to: number;
  readonly dot: number;
  /** The interval goes on beyond that end. */
  readonly cutLow: boolean;
  readonly cutHigh: boolean;
}

export function whiskerOf(
  {value, low, high}: Bar,
  [bottom, top]: readonly [number, number],
): Whisker | null {
  if (value === null) return null;
  const at = (score: number) => Math.min(1, Math.max(0, (score - bottom) / (top - bottom)));
  const from = low ?? value;
  const to = high ?? value;
  return {
    from: at(from),
    to: at(to),
    dot: at(value),
    cutLow: from < bottom - 1e-9,
    cutHigh: to > top + 1e-9,
  };
}

/** Rows of a scrolled box that must exist, with some beyond both ends. */
export function rowsInView(
  scrolled: number,
  height: number,
  rowHeight: number,
  count: number,
): {first: number; last: number} {
  const beyond = 8;
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - beyond);
  const last = Math.min(count, Math.ceil((scrolled + height) / rowHeight) + beyond);
  return {first: Math.min(first, Math.max(0, count - 1)), last};
}
