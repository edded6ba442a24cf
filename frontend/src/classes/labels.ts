/** Cutting and placing of text: names on axes, and values at the ends of curves. */

import {cutInMiddle} from '../elements/format.ts';

/** Width of a text in CSS pixels, in the font that it will be drawn in. */
export type Measure = (text: string) => number;

/**
 * Cuts the middle out of a text, to a width: its end tells names of one kind apart. Whole code
 * points, so that no emoji is halved.
 */
export function cutTo(text: string, width: number, measure: Measure): string {
  if (measure(text) <= width) return text;
  let low = 1;
  let high = Array.from(text).length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(cutInMiddle(text, middle)) <= width) low = middle;
    else high = middle - 1;
  }
  return cutInMiddle(text, low);
}

/** Every how many cells a label fits, when each needs `needed` pixels and a cell has `cell`. */
export function labelStride(cell: number, needed: number): number {
  return Math.max(1, Math.ceil(needed / cell - 1e-9));
}

export interface Placed {
  /** Index in the list that was given. */
  readonly index: number;
  readonly y: number;
}

/**
 * Moves labels apart so that none overlaps, each as near to its wish as the others allow.
 *
 * Neighbours that collide become a block around the mean of their wishes (pool adjacent
 * violators); the blocks are then kept inside `[top, bottom]`.
 */
export function spread(
  wishes: readonly number[],
  gap: number,
  top: number,
  bottom: number,
): Placed[] {
  const order = wishes.map((_, index) => index);
  order.sort((a, b) => (wishes[a] as number) - (wishes[b] as number) || a - b);
  const blocks: {sum: number; count: number; first: number}[] = [];
  order.forEach((index, rank) => {
    blocks.push({sum: wishes[index] as number, count: 1, first: rank});
    for (;;) {
      const last = blocks[blocks.length - 1];
      const before = blocks[blocks.length - 2];
      if (!last || !before || end(before, gap) + gap <= start(last, gap)) return;
      before.sum += last.sum;
      before.count += last.count;
      blocks.pop();
    }
  });
  const ys = blocks.flatMap((block) =>
    Array.from({length: block.count}, (_, k) => start(block, gap) + k * gap),
  );
  let floor = top;
  for (let rank = 0; rank < ys.length; rank++) {
    ys[rank] = Math.max(ys[rank] as number, floor);
    floor = (ys[rank] as number) + gap;
  }
  let ceiling = bottom;
  for (let rank = ys.length - 1; rank >= 0; rank--) {
    ys[rank] = Math.min(ys[rank] as number, ceiling);
    ceiling = (ys[rank] as number) - gap;
  }
  return order.map((index, rank) => ({index, y: ys[rank] as number}));
}

function start(block: {sum: number; count: number}, gap: number): number {
  return block.sum / block.count - ((block.count - 1) * gap) / 2;
}

function end(block: {sum: number; count: number}, gap: number): number {
  return block.sum / block.count + ((block.count - 1) * gap) / 2;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Where a tooltip goes: beside the cell in one of four quarters, so that it covers neither the
 * cell's row nor its column. Where no quarter has room, the place that covers least of them.
 *
 * Args:
 *   cell: The cell, and with it the row and column to keep free.
 *   size: The tooltip's size.
 *   bounds: Where it may lie.
 */
export function tooltipPlace(
  cell: Box,
  size: {readonly width: number; readonly height: number},
  bounds: Box,
): {left: number; top: number} {
  const margin = 10;
  const right = bounds.left + bounds.width - size.width;
  const bottom = bounds.top + bounds.height - size.height;
  const inside = (value: number, low: number, high: number) => Math.max(low, Math.min(value, high));
  const lefts = [cell.left - size.width - margin, cell.left + cell.width + margin];
  const tops = [cell.top + cell.height + margin, cell.top - size.height - margin];
  let best = {left: bounds.left, top: bounds.top};
  let least = Number.POSITIVE_INFINITY;
  for (const wantedTop of tops) {
    for (const wantedLeft of lefts) {
      const left = inside(wantedLeft, bounds.left, Math.max(bounds.left, right));
      const top = inside(wantedTop, bounds.top, Math.max(bounds.top, bottom));
      const overColumn = overlap(left, size.width, cell.left, cell.width);
      const overRow = overlap(top, size.height, cell.top, cell.height);
      // Both at once hides the cell itself: never, if any other place exists.
      const cost =
        overColumn * size.height + overRow * size.width + (overColumn > 0 && overRow > 0 ? 1e6 : 0);
      if (cost < least) {
        least = cost;
        best = {left, top};
      }
    }
  }
  return best;
}

function overlap(a: number, aSize: number, b: number, bSize: number): number {
  return Math.max(0, Math.min(a + aSize, b + bSize) - Math.max(a, b));
}
