/**
 * Many cells in one dot: the worst of k x k, never the mean and never every k-th, so that a
 * lone confusion among a million cells keeps its dot.
 */
import type {Cells, Factors} from './cells.ts';
import type {Palette} from './palette.ts';
import {type Scale, tone} from './scale.ts';
import type {Window} from './window.ts';

/** Smallest dot that a reader can see, in CSS pixels. */
export const DOT = 2;

/** The largest values under each dot. */
export interface Pooled {
  /** Cells per side of a dot. 1 = nothing is pooled. */
  readonly k: number;
  /** Position of the first row and column, a multiple of `k`. */
  readonly firstRow: number;
  readonly firstColumn: number;
  readonly rows: number;
  readonly columns: number;
  /** `[rows * columns]`; 0 = none. */
  readonly hit: Float32Array;
  readonly miss: Float32Array;
}

/** How many cells a dot must hold for it to be seen: `cell` is a cell's side in CSS pixels. */
export function cellsPerDot(cell: number): number {
  return Math.max(1, Math.ceil(DOT / cell - 1e-9));
}

/**
 * Pools the cells of a window. Costs the non-zero cells of its rows.
 *
 * Dots are anchored at position 0 and not at the window's edge, so that panning moves them
 * without making them flicker.
 */
export function pool(
  cells: Cells,
  {row: rowFactor, column: columnFactor}: Factors,
  order: ArrayLike<number>,
  positions: Int32Array,
  window: Window,
  k: number,
): Pooled {
  const firstRow = Math.floor(Math.floor(window.row) / k) * k;
  const firstColumn = Math.floor(Math.floor(window.column) / k) * k;
  const lastRow = Math.min(order.length, Math.ceil(window.row + window.span));
  const lastColumn = Math.min(order.length, Math.ceil(window.column + window.span));
  const rows = Math.max(0, Math.ceil((lastRow - firstRow) / k));
  const columns = Math.max(0, Math.ceil((lastColumn - firstColumn) / k));
  const hit = new Float32Array(rows * columns);
  const miss = new Float32Array(rows * columns);
  const {indptr, indices, counts} = cells;
  for (let position = firstRow; position < lastRow; position++) {
    const truth = order[position] as number;
    const scale = rowFactor[truth] as number;
    const base = Math.floor((position - firstRow) / k) * columns;
    const end = indptr[truth + 1] as number;
    for (let index = indptr[truth] as number; index < end; index++) {
      const guess = indices[index] as number;
      const at = positions[guess] as number;
      if (at < firstColumn || at >= lastColumn) continue;
      const value = (counts[index] as number) * scale * (columnFactor[guess] as number);
      const dot = base + Math.floor((at - firstColumn) / k);
      const layer = guess === truth ? hit : miss;
      if (value > (layer[dot] as number)) layer[dot] = value;
    }
  }
  return {k, firstRow, firstColumn, rows, columns, hit, miss};
}

/**
 * A pooled dot on the diagonal shows its hit, unless a miss under it is this strong on the
 * misses' own scale: else every hard pair of neighbours would vanish behind its own diagonal.
 */
const MISS_WINS = 0.85;

/** The colour of one dot, as a packed pixel. */
export function dotPixel(
  hit: number,
  miss: number,
  palette: Palette,
  hits: Scale | null,
  misses: Scale | null,
): number {
  const missTone = miss > 0 && misses ? tone(misses, miss) : -1;
  if (hit > 0 && hits && missTone < MISS_WINS) {
    return palette.hits.pixels[Math.round(255 * tone(hits, hit))] as number;
  }
  if (missTone >= 0) return palette.misses.pixels[Math.round(255 * missTone)] as number;
  return palette.empty;
}

/**
 * Paints pooled dots into an image of `size x size` device pixels.
 *
 * Edges are rounded from the same formula for every dot, so neighbours meet without gap or
 * overlap, and a dot is never narrower than one pixel.
 */
export function paintDots(
  image: Uint32Array,
  size: number,
  pooled: Pooled,
  window: Window,
  palette: Palette,
  hits: Scale | null,
  misses: Scale | null,
): void {
  image.fill(palette.empty);
  const pixelsPerCell = size / window.span;
  const left = edges(pooled.columns, pooled.firstColumn - window.column, pooled.k, pixelsPerCell);
  const top = edges(pooled.rows, pooled.firstRow - window.row, pooled.k, pixelsPerCell);
  for (let row = 0; row < pooled.rows; row++) {
    const y0 = clamp(top[row] as number, size - 1); // a last dot of few classes is rounded out
    const y1 = Math.max(y0 + 1, clamp(top[row + 1] as number, size));
    for (let column = 0; column < pooled.columns; column++) {
      const dot = row * pooled.columns + column;
      const hit = pooled.hit[dot] as number;
      const miss = pooled.miss[dot] as number;
      if (hit === 0 && miss === 0) continue;
      const pixel = dotPixel(hit, miss, palette, hits, misses);
      const x0 = clamp(left[column] as number, size - 1);
      const x1 = Math.max(x0 + 1, clamp(left[column + 1] as number, size));
      for (let y = y0; y < y1; y++) image.fill(pixel, y * size + x0, y * size + x1);
    }
  }
}

function edges(dots: number, offset: number, k: number, pixelsPerCell: number): Int32Array {
  return Int32Array.from({length: dots + 1}, (_, dot) =>
    Math.round((offset + dot * k) * pixelsPerCell),
  );
}

function clamp(value: number, size: number): number {
  return value < 0 ? 0 : value > size ? size : value;
}
