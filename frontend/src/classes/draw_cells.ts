/**
 * Paints the square of cells on a canvas: rounded cells with numbers where there is room, and
 * pooled dots where there is not. All coordinates here are device pixels.
 */
import type {Cells, Factors, Normalise} from './cells.ts';
import {NUMBER_CELL} from './geometry.ts';
import type {Palette} from './palette.ts';
import {cellsPerDot, paintDots, pool} from './pool.ts';
import {type Scale, tone} from './scale.ts';
import type {Window} from './window.ts';
import {cellText} from './words.ts';

/** Side below which cells are painted as pixels of an image. */
const SMALLEST_RECT = 4;

/** Side from which a share has its decimal. */
const DECIMAL_CELL = 27;

/** A number smaller than this cannot be read: the cell's tone alone must do. */
const SMALLEST_TEXT = 7;

/** Side from which cells stand apart and empty ones show a dot. */
const APART = 12;

export interface Picture {
  readonly cells: Cells;
  readonly factors: Factors;
  readonly by: Normalise;
  /** position -> class, for rows and columns alike. */
  readonly order: ArrayLike<number>;
  /** class -> position. */
  readonly positions: Int32Array;
  readonly hits: Scale | null;
  readonly misses: Scale | null;
  /** Misses are lower bounds, and are marked so. */
  readonly atLeast: boolean;
}

export interface Pens {
  /** For cells that are drawn as rectangles, and for dots of a few pixels. */
  readonly cells: Palette;
  readonly dots: Palette;
  readonly line: string;
  readonly text: string;
  readonly muted: string;
  readonly faint: string;
  readonly card: string;
  readonly hit: string;
  readonly miss: string;
  /** A faint miss colour: what a score's bar lacks. */
  readonly missSoft: string;
  readonly accent: string;
  readonly band: string;
  readonly family: string;
}

/**
 * Paints a window of the picture.
 *
 * Args:
 *   left, top, side: The square, in device pixels, whole.
 *   ratio: Device pixels per CSS pixel.
 */
export function drawCells(
  context: CanvasRenderingContext2D,
  picture: Picture,
  window: Window,
  pens: Pens,
  left: number,
  top: number,
  side: number,
  ratio: number,
): void {
  context.fillStyle = pens.card;
  context.fillRect(left, top, side, side);
  const cell = side / ratio / window.span;
  if (cell < SMALLEST_RECT) {
    drawDots(context, picture, window, pens, left, top, side, ratio);
    return;
  }
  context.save();
  context.beginPath();
  context.rect(left, top, side, side);
  context.clip();
  drawRects(context, picture, window, pens, left, top, side, ratio);
  context.restore();
}

function drawDots(
  context: CanvasRenderingContext2D,
  picture: Picture,
  window: Window,
  pens: Pens,
  left: number,
  top: number,
  side: number,
  ratio: number,
): void {
  const {cells, factors, order, positions, hits, misses} = picture;
  const k = cellsPerDot(side / ratio / window.span);
  const pooled = pool(cells, factors, order, positions, window, k);
  const image = context.createImageData(side, side);
  paintDots(new Uint32Array(image.data.buffer), side, pooled, window, pens.dots, hits, misses);
  context.putImageData(image, left, top);
}

function drawRects(
  context: CanvasRenderingContext2D,
  picture: Picture,
  window: Window,
  pens: Pens,
  left: number,
  top: number,
  side: number,
  ratio: number,
): void {
  const {cells, factors, order, positions} = picture;
  const scale = side / window.span;
  const cell = scale / ratio;
  const lastRow = Math.min(order.length, Math.ceil(window.row + window.span));
  const lastColumn = Math.min(order.length, Math.ceil(window.column + window.span));
  const firstColumn = Math.floor(window.column);
  const x = (column: number) => left + Math.round((column - window.column) * scale);
  const y = (row: number) => top + Math.round((row - window.row) * scale);
  const gap = cell >= APART ? Math.max(1, Math.round(ratio)) : 0;
  for (let row = Math.floor(window.row); row < lastRow; row++) {
    const truth = order[row] as number;
    const filled = new Set<number>();
    const end = cells.indptr[truth + 1] as number;
    for (let index = cells.indptr[truth] as number; index < end; index++) {
      const guess = cells.indices[index] as number;
      const column = positions[guess] as number;
      if (column < firstColumn || column >= lastColumn) continue;
      const value =
        (cells.counts[index] as number) *
        (factors.row[truth] as number) *
        (factors.column[guess] as number);
      if (!(value > 0)) continue;
      filled.add(column);
      drawOne(context, picture, pens, {
        hit: guess === truth,
        value,
        x0: x(column),
        y0: y(row),
        x1: x(column + 1) - gap,
        y1: y(row + 1) - gap,
        cell,
        ratio,
      });
    }
    if (cell < APART) continue;
    context.fillStyle = pens.line;
    const dot = Math.max(1, Math.round(1.5 * ratio));
    for (let column = firstColumn; column < lastColumn; column++) {
      if (filled.has(column)) continue;
      context.fillRect(
        Math.round((x(column) + x(column + 1) - gap - dot) / 2),
        Math.round((y(row) + y(row + 1) - gap - dot) / 2),
        dot,
        dot,
      );
    }
  }
}

interface OneCell {
  readonly hit: boolean;
  readonly value: number;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly cell: number;
  readonly ratio: number;
}

function drawOne(
  context: CanvasRenderingContext2D,
  picture: Picture,
  pens: Pens,
  one: OneCell,
): void {
  const {hit, value, x0, y0, x1, y1, cell, ratio} = one;
  const scale = hit ? picture.hits : picture.misses;
  if (!scale) return;
  const ramp = hit ? pens.cells.hits : pens.cells.misses;
  const index = Math.round(255 * tone(scale, value));
  context.fillStyle = ramp.css[index] as string;
  if (cell >= 16) {
    context.beginPath();
    context.roundRect(x0, y0, x1 - x0, y1 - y0, 2 * ratio);
    context.fill();
  } else {
    context.fillRect(x0, y0, Math.max(1, x1 - x0), Math.max(1, y1 - y0));
  }
  if (cell < NUMBER_CELL) return;
  const number = numberIn(value, picture.by, cell);
  const text = picture.atLeast && !hit && number !== '' ? `\u2265${number}` : number;
  const size = Math.min(12.5, 5 + cell * 0.25, (cell - 2.5) / (0.57 * Math.max(2, text.length)));
  if (size < SMALLEST_TEXT) return;
  context.font = `${hit ? 500 : 400} ${size * ratio}px ${pens.family}`;
  context.fillStyle = ramp.ink[index] as string;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, (x0 + x1) / 2, (y0 + y1) / 2 + 0.5 * ratio);
}

/** A share without its decimal where the cell is too narrow for it. */
function numberIn(value: number, by: Normalise, cell: number): string {
  if (by === 'count' || cell >= DECIMAL_CELL) return cellText(value, by);
  const share = value * 100;
  return share < 0.5 ? '' : Math.round(share).toString(); // its tone alone says "few"
}
