/**
 * The cells of one confusion matrix, compressed by row. Row = true class, column = predicted.
 *
 * Everything that draws or explains a cell goes through here, so that 20,000 classes cost their
 * non-zero cells and never C x C.
 */

/** What a cell is divided by. `count` divides by nothing. */
export type Normalise = 'row' | 'column' | 'all' | 'count';

export const NORMALISATIONS: readonly Normalise[] = ['row', 'column', 'all', 'count'];

export interface Cells {
  readonly classes: number;
  /** `[classes + 1]`: where each true class starts in `indices` and `counts`. */
  readonly indptr: ArrayLike<number>;
  /** Predicted class of each non-zero cell, ascending within a row. */
  readonly indices: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  /** Examples (or weight) of each true class, `[classes]`. */
  readonly support: Float64Array;
  /** Predictions of each class, `[classes]`. */
  readonly predicted: Float64Array;
  readonly total: number;
}

/**
 * Wraps the arrays of a `/matrix` answer.
 *
 * Sums that the server gives are used as they are (they stay exact when the cells are a
 * summary); those it cannot give (`null`: rows that sum to 1) are summed from the cells.
 */
export function cellsFrom(
  indptr: ArrayLike<number>,
  indices: ArrayLike<number>,
  counts: ArrayLike<number>,
  support?: readonly (number | null)[],
  predicted?: readonly (number | null)[],
): Cells {
  const classes = indptr.length - 1;
  const rows = new Float64Array(classes);
  const columns = new Float64Array(classes);
  for (let truth = 0; truth < classes; truth++) {
    const end = indptr[truth + 1] as number;
    for (let k = indptr[truth] as number; k < end; k++) {
      const count = counts[k] as number;
      rows[truth] = (rows[truth] as number) + count;
      const guess = indices[k] as number;
      columns[guess] = (columns[guess] as number) + count;
    }
  }
  overwrite(rows, support);
  overwrite(columns, predicted);
  let total = 0;
  for (const sum of rows) total += sum;
  return {classes, indptr, indices, counts, support: rows, predicted: columns, total};
}

function overwrite(sums: Float64Array, given?: readonly (number | null)[]): void {
  given?.forEach((sum, index) => {
    if (sum !== null && index < sums.length) sums[index] = sum;
  });
}

/** The count of one cell; 0 where none is stored. Binary search within the row. */
export function countAt(cells: Cells, truth: number, guess: number): number {
  let low = cells.indptr[truth] as number;
  let high = (cells.indptr[truth + 1] as number) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = cells.indices[middle] as number;
    if (at === guess) return cells.counts[middle] as number;
    if (at < guess) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}

/** What a count of this cell is divided by: a share in [0, 1], or the count itself. */
export function denominator(cells: Cells, by: Normalise, truth: number, guess: number): number {
  if (by === 'row') return cells.support[truth] as number;
  if (by === 'column') return cells.predicted[guess] as number;
  return by === 'all' ? cells.total : 1;
}

/** Shares as a product, so that a million cells cost two multiplications each. */
export interface Factors {
  readonly row: Float64Array;
  readonly column: Float64Array;
}

/** `value of a cell = count * row[truth] * column[guess]`; 0 where the sum is 0. */
export function factors(cells: Cells, by: Normalise): Factors {
  const ones = () => new Float64Array(cells.classes).fill(1);
  const inverse = (sums: Float64Array) => sums.map((sum) => (sum > 0 ? 1 / sum : 0));
  if (by === 'row') return {row: inverse(cells.support), column: ones()};
  if (by === 'column') return {row: ones(), column: inverse(cells.predicted)};
  const whole = by === 'all' && cells.total > 0 ? 1 / cells.total : 1;
  return {row: ones().fill(whole), column: ones()};
}

/** The smallest and largest non-zero value on and off the diagonal; null where there is none. */
export interface Extent {
  readonly hits: readonly [number, number] | null;
  readonly misses: readonly [number, number] | null;
}

export function extent(cells: Cells, by: Normalise): Extent {
  const {row, column} = factors(cells, by);
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]; // [hits, misses]
  const high = [0, 0];
  for (let truth = 0; truth < cells.classes; truth++) {
    const scale = row[truth] as number;
    const end = cells.indptr[truth + 1] as number;
    for (let k = cells.indptr[truth] as number; k < end; k++) {
      const guess = cells.indices[k] as number;
      const value = (cells.counts[k] as number) * scale * (column[guess] as number);
      const layer = guess === truth ? 0 : 1;
      if (value > 0 && value < (low[layer] as number)) low[layer] = value;
      if (value > (high[layer] as number)) high[layer] = value;
    }
  }
  const range = (layer: 0 | 1): readonly [number, number] | null =>
    (high[layer] as number) > 0 ? [low[layer] as number, high[layer] as number] : null;
  return {hits: range(0), misses: range(1)};
}

/** One stored cell off the diagonal. */
export interface Miss {
  readonly truth: number;
  readonly guess: number;
  readonly value: number;
}

/** The largest misses, largest first; ties keep the order of the cells. */
export function largestMisses(cells: Cells, by: Normalise, most: number): Miss[] {
  const {row, column} = factors(cells, by);
  const kept: Miss[] = [];
  for (let truth = 0; truth < cells.classes; truth++) {
    const end = cells.indptr[truth + 1] as number;
    for (let k = cells.indptr[truth] as number; k < end; k++) {
      const guess = cells.indices[k] as number;
      const value =
        (cells.counts[k] as number) * (row[truth] as number) * (column[guess] as number);
      const least = kept[kept.length - 1];
      if (guess === truth || !(value > 0)) continue;
      if (least && kept.length >= most && value <= least.value) continue;
      insert(kept, {truth, guess, value});
      if (kept.length > most) kept.pop();
    }
  }
  return kept;
}

function insert(kept: Miss[], miss: Miss): void {
  let low = 0;
  let high = kept.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((kept[middle] as Miss).value >= miss.value) low = middle + 1;
    else high = middle;
  }
  kept.splice(low, 0, miss);
}

/**
 * The classes of the largest confusions, as many as asked for, each with its counterpart.
 *
 * By count: with shares, the rarest classes would always lead (one wrong of one is 100 %).
 */
export function mostConfused(cells: Cells, classes: number): Set<number> {
  const found = new Set<number>();
  for (const {truth, guess} of largestMisses(cells, 'count', classes * 4)) {
    const fresh = Number(!found.has(truth)) + Number(!found.has(guess));
    if (found.size + fresh > classes) break;
    found.add(truth).add(guess);
  }
  return found;
}

/** The classes that one class is taken for, or that are taken for it, the most frequent first. */
export function confusedWith(cells: Cells, index: number, most: number): number[] {
  const misses = new Map<number, number>();
  for (let truth = 0; truth < cells.classes; truth++) {
    if (truth === index) continue;
    const both = countAt(cells, truth, index) + countAt(cells, index, truth);
    if (both > 0) misses.set(truth, both);
  }
  const ranked = [...misses].sort(([a, x], [b, y]) => y - x || a - b);
  return ranked.slice(0, most).map(([other]) => other);
}

/** The cell that gives a pooled dot its colour: the worst miss under it, else the best hit. */
export function worstUnder(
  cells: Cells,
  {row, column}: Factors,
  order: ArrayLike<number>,
  positions: Int32Array,
  firstRow: number,
  firstColumn: number,
  k: number,
): {truth: number; guess: number} | null {
  let worst: {truth: number; guess: number} | null = null;
  let most = 0;
  for (let position = firstRow; position < Math.min(order.length, firstRow + k); position++) {
    const truth = order[position] as number;
    const end = cells.indptr[truth + 1] as number;
    for (let index = cells.indptr[truth] as number; index < end; index++) {
      const guess = cells.indices[index] as number;
      const at = positions[guess] as number;
      if (at < firstColumn || at >= firstColumn + k) continue;
      const share =
        (cells.counts[index] as number) * (row[truth] as number) * (column[guess] as number);
      const rank = guess === truth ? share * 1e-9 : share; // any miss before any hit
      if (rank > most) {
        most = rank;
        worst = {truth, guess};
      }
    }
  }
  return worst;
}
