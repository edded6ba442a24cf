/** The F1 of every class over the steps, for the small curves in the table. */
import {useMemo} from 'preact/hooks';
import {getSeries, useAnswer} from '../api/index.ts';
import {clippedRange, extent} from '../charts/path.ts';
import {shownKey} from '../state/runs.ts';

/** So many classes can be asked for at once; with more, the column is left out. */
export const MOST_SPARKLINES = 20;

export interface F1Steps {
  readonly byClass: ReadonlyMap<number, F1Curve>;
  readonly byAverage: ReadonlyMap<string, F1Curve>;
  /** Shared by all curves of the column. */
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
}

export interface F1Curve {
  readonly x: Float64Array;
  y: Float32Array;
}

const AVERAGES = ['macro', 'micro', 'weighted'] as const;

/** null while unknown, with too many classes, and where only one step is kept. */
export function useStepsOfF1(run: string, name: string, classes: number): F1Steps | null {
  const few = classes <= MOST_SPARKLINES;
  const answer = useAnswer(
    few ? JSON.stringify([shownKey.value, run, name, classes]) : null,
    (signal) => {
      const all = Array.from({length: classes}, (_, index) => index);
      return getSeries([run], {name, metric: 'f1', averages: AVERAGES, classes: all}, signal);
    },
  );
  const {value, key} = answer;
  return useMemo(() => {
    const [, ofRun, ofName] = key ? (JSON.parse(key) as string[]) : [];
    if (!few || !value || ofRun !== run || ofName !== name) return null;
    const byClass = new Map<number, F1Curve>();
    const byAverage = new Map<string, F1Curve>();
    for (const curve of value.header.curves) {
      const end = curve.start + curve.length;
      const points = {
        x: value.arrays.step.subarray(curve.start, end),
        y: value.arrays.value.subarray(curve.start, end),
      };
      if (curve.class !== null) byClass.set(curve.class, points);
      else if (curve.average !== null) byAverage.set(curve.average, points);
    }
    const xRange = extent(value.arrays.step);
    const range = clippedRange([...byClass.values(), ...byAverage.values()], false);
    if (!xRange || !range || xRange[0] === xRange[1]) return null;
    // The low start of a training is cut off, so that the later steps can be told apart.
    for (const curve of [...byClass.values(), ...byAverage.values()]) {
      curve.y = curve.y.map((score) => Math.max(score, range.low));
    }
    return {byClass, byAverage, xRange, yRange: [range.low, range.high] as const};
  }, [few, value, key, run, name]);
}
