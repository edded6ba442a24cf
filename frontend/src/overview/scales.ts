/** The axes that the sparklines of one column share. */

import type {OverviewRow} from '../api/types.ts';
import {clippedRange, extent, type Points} from '../charts/path.ts';
import {fromZero, sharedSteps} from '../charts/shared.ts';

type Range = readonly [number, number];

export interface SharedScales {
  /** One step axis for all, so that short runs look short; null where each has its own. */
  readonly steps: Range | null;
  /** One F1 axis for all, so that heights compare. */
  readonly f1: Range;
}

const F1_LOW_SHARE = 0.25; // of the curves' points may lie below the axis: their steep start

export function sharedScales(rows: readonly OverviewRow[]): SharedScales {
  const values = rows.flatMap(({curves}) => settled(curves.f1_macro?.value ?? []));
  const f1 = extent(values);
  return {
    steps: sharedSteps(rows.flatMap((row) => stepsOf(row) ?? [])),
    f1: f1 ? [Math.max(0, f1[0] - 0.03), Math.min(1, f1[1] + 0.01)] : [0, 1],
  };
}

/** The step axis of one row. */
export function stepRange(row: OverviewRow, {steps}: SharedScales): Range {
  return steps ?? fromZero(stepsOf(row)?.[0] ?? [0, 1]);
}

function stepsOf({curves}: OverviewRow): [Range] | null {
  const range = extent(...Object.values(curves).map((curve) => curve?.step ?? []));
  return range && [range];
}

/** A row's loss axis: its own, the steep start cut off. */
export function lossRange({curves}: OverviewRow): Range | null {
  const shown = [curves.train, curves.validation].filter((curve) => curve != null).map(points);
  const range = clippedRange(shown);
  return range ? [range.low, range.high] : null;
}

export function points(curve: {
  step: readonly number[];
  value: readonly (number | null)[];
}): Points {
  return {x: curve.step, y: curve.value};
}

/** The curve without its start. */
function settled(values: readonly (number | null)[]): (number | null)[] {
  return values.slice(Math.floor(values.length * F1_LOW_SHARE));
}
