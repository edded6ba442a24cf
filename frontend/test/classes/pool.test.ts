import {describe, expect, test} from 'vitest';
import {type Cells, factors} from '../../src/classes/cells.ts';
import {positionsOf} from '../../src/classes/order.ts';
import {contrast, packed, paletteOf, type Rgb} from '../../src/classes/palette.ts';
import {cellsPerDot, dotPixel, paintDots, pool} from '../../src/classes/pool.ts';
import {whole} from '../../src/classes/window.ts';
import {cellsOf} from './samples.ts';

const INKS = {
  card: [255, 255, 255] as Rgb,
  hit: [0, 90, 180] as Rgb,
  miss: [220, 80, 0] as Rgb,
  light: [255, 255, 255] as Rgb,
  dark: [32, 33, 36] as Rgb,
};
const PALETTE = paletteOf(INKS, 0.2);
const HITS = {kind: 'linear', low: 0, high: 1} as const;
const MISSES = {kind: 'log', low: 0.001, high: 1} as const;

/** All hits, and one lone miss of one example. */
function loneMiss(classes: number, truth: number, guess: number): Cells {
  const matrix = Array.from({length: classes}, (_, t) =>
    Array.from({length: classes}, (_, p) => (t === p ? 50 : t === truth && p === guess ? 1 : 0)),
  );
  return cellsOf(matrix);
}

function painted(cells: Cells, size: number, k: number): Uint32Array {
  const order = Uint32Array.from({length: cells.classes}, (_, index) => index);
  const window = whole(cells.classes);
  const pooled = pool(
    cells,
    factors(cells, 'row'),
    order,
    positionsOf(order, cells.classes),
    window,
    k,
  );
  const image = new Uint32Array(size * size);
  paintDots(image, size, pooled, window, PALETTE, HITS, MISSES);
  return image;
}

describe('a lone confusion', () => {
  test.each([
    [200, 60, 4],
    [200, 50, 4],
    [300, 37, 9],
    [120, 119, 1],
  ])('among %i classes keeps its dot on %i pixels, %i cells to a dot', (classes, size, k) => {
    for (const [truth, guess] of [
      [3, 110],
      [classes - 1, 0],
      [0, classes - 1],
    ] as const) {
      const image = painted(loneMiss(classes, truth, guess), size, k);
      const row = Math.floor((truth / classes) * size);
      const column = Math.floor((guess / classes) * size);
      // The dot may be rounded to a neighbouring pixel, but it is there.
      let found = false;
      for (let y = row - 1; y <= row + 1; y++) {
        for (let x = column - 1; x <= column + 1; x++) {
          const pixel = image[y * size + x];
          if (x >= 0 && y >= 0 && x < size && y < size && pixel !== PALETTE.empty) found = true;
        }
      }
      expect(found).toBe(true);
    }
  });

  test('is clearly told from an empty cell: 20 % of the hue at least', () => {
    const pixel = dotPixel(0, 1e-9, PALETTE, HITS, MISSES);
    expect(pixel).toBe(PALETTE.misses.pixels[0]);
    expect(contrast([248, 220, 204], INKS.card)).toBeGreaterThan(1.2);
    expect(pixel).toBe(packed([248, 220, 204]));
  });
});

test('no hit on the diagonal is lost when dots are narrower than a pixel', () => {
  const size = 40;
  const image = painted(loneMiss(200, 0, 199), size, 1);
  for (let at = 0; at < size; at++) expect(image[at * size + at]).not.toBe(PALETTE.empty);
});

test('dots meet without gap: a matrix of misses only is painted to the last pixel', () => {
  const matrix = Array.from({length: 7}, () => new Array(7).fill(1));
  const image = painted(cellsOf(matrix), 45, 1);
  expect(image.includes(PALETTE.empty)).toBe(false);
});

test('pooling keeps the largest value under a dot, hits and misses apart', () => {
  const cells = cellsOf([
    [8, 2, 0, 0],
    [0, 10, 0, 0],
    [0, 0, 0, 4],
    [0, 0, 1, 3],
  ]);
  const order = Uint32Array.from([0, 1, 2, 3]);
  const pooled = pool(cells, factors(cells, 'row'), order, positionsOf(order, 4), whole(4), 2);
  expect([...pooled.hit]).toEqual([1, 0, 0, 0.75]);
  expect([...pooled.miss].map((value) => Math.round(value * 100) / 100)).toEqual([0.2, 0, 0, 1]);
});

test('pooling follows the order of the classes', () => {
  const cells = cellsOf([
    [1, 0, 3],
    [0, 1, 0],
    [0, 0, 1],
  ]);
  const order = Uint32Array.from([2, 1, 0]);
  const pooled = pool(cells, factors(cells, 'count'), order, positionsOf(order, 3), whole(3), 1);
  expect([...pooled.miss]).toEqual([0, 0, 0, 0, 0, 0, 3, 0, 0]);
});

test('classes that the order leaves out are not painted', () => {
  const cells = cellsOf([
    [1, 5],
    [5, 1],
  ]);
  const order = Uint32Array.from([1]);
  const pooled = pool(cells, factors(cells, 'count'), order, positionsOf(order, 2), whole(1), 1);
  expect([...pooled.hit]).toEqual([1]);
  expect([...pooled.miss]).toEqual([0]);
});

test('a dot on the diagonal turns orange when a miss under it is strong, not before', () => {
  const weak = dotPixel(0.9, 0.01, PALETTE, HITS, MISSES);
  const strong = dotPixel(0.9, 0.6, PALETTE, HITS, MISSES);
  expect(PALETTE.hits.pixels).toContain(weak);
  expect(PALETTE.misses.pixels).toContain(strong);
});

test('a dot holds as many cells as it needs to be two pixels wide', () => {
  expect([4, 2, 1, 0.5, 0.4].map(cellsPerDot)).toEqual([1, 1, 2, 4, 5]);
});

test('text on every tone has the better of two inks, and a contrast of 4 at least', () => {
  for (const ramp of [PALETTE.hits, PALETTE.misses]) {
    ramp.css.forEach((colour, index) => {
      const rgb = (text: string) => text.match(/\d+/g)?.map(Number) as unknown as Rgb;
      expect(contrast(rgb(colour), rgb(ramp.ink[index] as string))).toBeGreaterThan(4);
    });
  }
});

test('a thousand classes are pooled into dots of four by four, each as wide as the next', () => {
  const classes = 1_000;
  const indices = Uint16Array.from({length: classes * 100}, (_, i) => (i % 100) * 10);
  const indptr = Uint32Array.from({length: classes + 1}, (_, i) => i * 100);
  const cells: Cells = {
    classes,
    indptr,
    indices,
    counts: new Uint8Array(indices.length).fill(1),
    support: new Float64Array(classes).fill(100),
    predicted: new Float64Array(classes).fill(100),
    total: classes * 100,
  };
  const image = painted(cells, 500, 4);
  expect(image.filter((pixel) => pixel !== PALETTE.empty).length).toBe(100_000);
});
