/** Small answers made by hand, and their exact scores. */
import type {MatrixHeader} from '../../src/api/types.ts';
import {type Cells, cellsFrom} from '../../src/classes/cells.ts';
import {wilson} from '../../src/classes/interval.ts';

/** A dense matrix, row = truth, as compressed cells. */
export function cellsOf(matrix: readonly (readonly number[])[]): Cells {
  const {indptr, indices, counts} = compressed(matrix);
  return cellsFrom(indptr, indices, counts);
}

export function compressed(matrix: readonly (readonly number[])[]) {
  const indptr = [0];
  const indices: number[] = [];
  const counts: number[] = [];
  for (const row of matrix) {
    row.forEach((count, guess) => {
      if (count === 0) return;
      indices.push(guess);
      counts.push(count);
    });
    indptr.push(indices.length);
  }
  return {
    indptr: Uint32Array.from(indptr),
    indices: Uint16Array.from(indices),
    counts: Float64Array.from(counts),
  };
}

/** What the server would answer about a matrix. */
export function headerOf(
  matrix: readonly (readonly number[])[],
  changes: Partial<MatrixHeader> = {},
): MatrixHeader {
  const classes = matrix.length;
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const support = matrix.map(sum);
  const predicted = matrix.map((_, guess) => sum(matrix.map((row) => row[guess] as number)));
  const hits = matrix.map((row, index) => row[index] as number);
  const ratio = (a: number, b: number) => (b > 0 ? a / b : null);
  const precision = hits.map((hit, i) => ratio(hit, predicted[i] as number));
  const recall = hits.map((hit, i) => ratio(hit, support[i] as number));
  const f1 = hits.map((hit, i) =>
    ratio(2 * hit, (support[i] as number) + (predicted[i] as number)),
  );
  const low = (of: readonly number[], i: number, end: 0 | 1) =>
    wilson(hits[i] as number, of[i] as number)?.[end] ?? null;
  const mean = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length > 0 ? sum(known) / known.length : null;
  };
  const average = {
    precision: {value: mean(precision), low: 0.5, high: 0.9},
    recall: {value: mean(recall), low: 0.5, high: 0.9},
    f1: {value: mean(f1), low: 0.5, high: 0.9},
  };
  const total = sum(support);
  return {
    version: 1,
    run: 'run',
    name: 'validation',
    step: 40,
    wall_time: 1_764_000_000,
    task: 'multiclass',
    classes,
    pos_label: null,
    class_names: matrix.map((_, index) => `class ${index}`),
    named: true,
    total,
    weighted: false,
    normalised: false,
    nan: 0,
    ignored: 0,
    dropped: 0,
    error_bound: 0,
    averages: {
      accuracy: {value: ratio(sum(hits), total), low: null, high: null},
      macro: average,
      micro: average,
      weighted: average,
    },
    per_class: {
      support,
      predicted,
      true_positives: hits,
      precision,
      precision_low: hits.map((_, i) => low(predicted, i, 0)),
      precision_high: hits.map((_, i) => low(predicted, i, 1)),
      recall,
      recall_low: hits.map((_, i) => low(support, i, 0)),
      recall_high: hits.map((_, i) => low(support, i, 1)),
      f1,
      f1_low: f1.map((value) => (value === null ? null : Math.max(0, value - 0.05))),
      f1_high: f1.map((value) => (value === null ? null : Math.min(1, value + 0.05))),
      examples: null,
    },
    top_k: null,
    reasons: {
      precision: 'never predicted',
      recall: 'no true examples',
      f1: 'neither true nor predicted',
    },
    passport: {
      classes_present: classes,
      macro_f1_all_classes: mean(f1),
      f1_of_mean_precision_recall: 0.5,
      text: 'macro F1 is the mean of class F1',
    },
    layout: 'csr',
    layout_reason: null,
    cut: null,
    ...changes,
  };
}
