/** Whether curves of several runs can share an axis, and where it ends. */

import type {Range} from './plot.ts';

const LONGEST = 5; // times the median run: beyond that the short ones are only a spike
const HIGHEST = 6; // times the median height: what ends beyond leaves the frame
const HEADROOM = 1.35; // above the highest end, for what came before it
const NEAR_ZERO = 0.1; // of the end: an axis that would begin there begins at 0

/**
 * One step axis for all, so that short runs look short; null where the longest would squeeze
 * the others to nothing, and each is better drawn on its own.
 */
export function sharedSteps(ranges: readonly Range[]): Range | null {
  const ends = ranges.map(([, end]) => end).sort((a, b) => a - b);
  const longest = ends.at(-1);
  if (longest === undefined || longest > LONGEST * median(ends)) return null;
  return fromZero([Math.min(...ranges.map(([start]) => start)), longest]);
}

/** How high a curve stands at its start and, at most, in its second half. */
export interface Heights {
  readonly start: number;
  readonly late: number;
}

/**
 * The top of a shared axis: the second half of every curve is inside, unless it has blown up:
 * stands higher than it began, and out of all proportion to the others.
 *
 * `tops` are where each curve alone would end.
 */
export function sharedTop(tops: readonly number[], curves: readonly Heights[]): number {
  const limit = HIGHEST * median(curves.map(({late}) => late).sort((a, b) => a - b));
  const within = curves.filter(({start, late}) => late <= start || late <= limit);
  const ends = (within.length ? within : curves).map(({late}) => late);
  return Math.min(Math.max(...tops), HEADROOM * Math.max(...ends));
}

/** From 0 if the start lies near it: an axis that begins at 20 of 1,200 looks cut. */
export function fromZero([low, high]: Range): Range {
  return widened([low > 0 && low < NEAR_ZERO * high ? 0 : low, high]);
}

/** A range that is not empty. */
export function widened([low, high]: Range): Range {
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
