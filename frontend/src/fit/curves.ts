/** The answer's arrays as curves on the chosen horizontal axis, and their order. */

import type {Frame} from '../api/frame.ts';
import type {FitArrays, FitCurve, FitHeader, FitVerdict, Span} from '../api/types.ts';
import {lowerBound} from '../charts/path.ts';
import {smooth} from '../charts/smooth.ts';
import {
  capitalised,
  formatInteger,
  formatPercent,
  formatSigned,
  plural,
  visibleName,
} from '../elements/format.ts';
import type {XAxis} from '../state/view.ts';

/** One side of a learning curve: train or validation. */
export interface Side {
  readonly step: Float64Array;
  readonly wallTime: Float64Array;
  readonly value: Float64Array;
  /** On the chosen axis: steps, seconds since the run's first value, or seconds of the clock. */
  readonly x: Float64Array;
}

export interface Fit {
  /** Unique among the curves of an answer. */
  readonly key: string;
  readonly info: FitCurve;
  /** null where nothing was logged. */
  readonly train: Side | null;
  readonly validation: Side | null;
}

export function fitsOf({header, arrays}: Frame<FitHeader, FitArrays>, axis: XAxis): Fit[] {
  return header.curves.map((info) => {
    const train = side(arrays, 'train', info.train);
    const validation = side(arrays, 'validation', info.validation);
    const starts = [train, validation].flatMap((one) => (one ? [one.wallTime[0] ?? 0] : []));
    const start = Math.min(...starts);
    return {
      key: JSON.stringify([info.run, info.name]),
      info,
      train: train && {...train, x: onAxis(train, axis, start)},
      validation: validation && {...validation, x: onAxis(validation, axis, start)},
    };
  });
}

function side(arrays: FitArrays, name: 'train' | 'validation', span: Span): Omit<Side, 'x'> | null {
  if (span.length === 0) return null;
  const cut = (array: Float64Array) => array.subarray(span.start, span.start + span.length);
  return {
    step: cut(arrays[`${name}_step`]),
    wallTime: cut(arrays[`${name}_wall_time`]),
    value: cut(arrays[`${name}_value`]),
  };
}

function onAxis({step, wallTime}: Omit<Side, 'x'>, axis: XAxis, start: number): Float64Array {
  if (axis === 'step') return step;
  return axis === 'wall' ? wallTime : wallTime.map((time) => time - start);
}

/** Where a step lies on the chosen axis: at the nearest value of the validation curve. */
export function xOfStep({validation, train}: Fit, step: number): number | null {
  const one = validation ?? train;
  if (!one) return null;
  const at = Math.min(one.step.length - 1, lowerBound(one.step, step));
  return one.x[at] ?? null;
}

/** The largest gap first; without a gap last. */
export function byGap(a: Fit, b: Fit): number {
  const [first, second] = [signedGap(a), signedGap(b)];
  if (first === null || second === null) return Number(first === null) - Number(second === null);
  return second - first;
}

/** The gap, positive where validation is the worse one. */
function signedGap({info}: Fit): number | null {
  const {gap} = info.end;
  return gap === null ? null : info.higher_is_better ? -gap : gap;
}

/** The curve that most needs a look: the strongest rise, else the largest gap. */
export function worst(fits: readonly Fit[]): Fit | null {
  const risen = fits.filter(({info}) => info.verdict.tier === 'act');
  const rise = ({info}: Fit) => info.verdict.rise ?? Number.NEGATIVE_INFINITY;
  return [...risen].sort((a, b) => rise(b) - rise(a))[0] ?? [...fits].sort(byGap)[0] ?? null;
}

/** What was measured: "loss"; its head is said apart. */
export function quantityOf({verdict}: Pick<FitCurve, 'verdict'>): string {
  return visibleName(verdict.quantity);
}

/** What the horizontal axis counts: "step", "training size", "gamma by index". */
export function axisOf({over}: Pick<FitCurve, 'over'>): string {
  return visibleName(over);
}

/** "step 1,200", "training size 300". */
export function placeOf(info: Pick<FitCurve, 'over'>, at: number): string {
  return `${axisOf(info)} ${formatInteger(at)}`;
}

/** Which glyph a verdict bears: a loss that is no number any more has its own. */
export function glyphOf(verdict: FitVerdict): string {
  return hasNoNumber(verdict) ? 'nan_loss' : verdict.state;
}

/** Whether the last values are not numbers, so that the rule has no mean to compare. */
export function hasNoNumber({state, recent_mean}: FitVerdict): boolean {
  return state === 'rose' && recent_mean === null;
}

/** How far the last values are on the wrong side of the best: "+31 %" of a loss, "−4.0 %" of a score. */
export function riseText(rise: number, higherIsBetter: boolean): string {
  return formatSigned(higherIsBetter ? -rise : rise, formatPercent);
}

/**
 * "Train loss is not a number at 3 steps, validation loss since step 340": what the gaps in the
 * curves are; null where there are none. What was merely not logged leaves no gap.
 */
export function notNumbersText(info: FitCurve): string | null {
  const of = info.not_numbers;
  const parts = (['train', 'validation'] as const).flatMap((side) => {
    const bad = of[side];
    if (!bad) return [];
    const when =
      bad.since_step === null
        ? `at ${plural(bad.times, 'step')}`
        : `since ${placeOf(info, bad.since_step)}`;
    return [{what: `${side} ${quantityOf(info)}`, when}];
  });
  const [first, second] = parts;
  if (!first) return null;
  const more = second ? `, ${second.what} ${second.when}` : '';
  const gaps =
    parts.length > 1 ? 'those are the gaps in the curves' : 'that is the gap in its curve';
  return `${capitalised(first.what)} is not a number ${first.when}${more}: ${gaps}.`;
}

/** A side with its values smoothed for the eye. */
export function smoothed(one: Side | null, strength: number): Side | null {
  return one && {...one, value: smooth(one.x, one.value, strength)};
}

/** Both sides at the x of the first, for what lies between them; NaN where one is missing. */
export function between(validation: Side, train: Side): {low: Float64Array; high: Float64Array} {
  const low = new Float64Array(validation.x.length);
  const high = new Float64Array(validation.x.length);
  for (let i = 0; i < validation.x.length; i++) {
    const other = valueAt(train, validation.x[i] ?? 0);
    const own = validation.value[i] ?? Number.NaN;
    low[i] = Math.min(own, other);
    high[i] = Math.max(own, other);
  }
  return {low, high};
}

/** Whether a value was logged at this very x, and is not a number. */
export function isNotNumber({x, value}: Pick<Side, 'x' | 'value'>, at: number): boolean {
  const index = lowerBound(x, at);
  return x[index] === at && !Number.isFinite(value[index]);
}

/** The value at an x, on the line between its neighbours; NaN outside the curve. */
export function valueAt({x, value}: Pick<Side, 'x' | 'value'>, at: number): number {
  const above = lowerBound(x, at);
  if (x[above] === at) return value[above] ?? Number.NaN;
  const [left, right] = [x[above - 1], x[above]];
  if (left === undefined || right === undefined) return Number.NaN;
  const share = (at - left) / (right - left);
  return (value[above - 1] ?? Number.NaN) * (1 - share) + (value[above] ?? Number.NaN) * share;
}
