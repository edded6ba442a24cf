import {describe, expect, test} from 'vitest';
import {
  cellsFrom,
  confusedWith,
  countAt,
  denominator,
  extent,
  factors,
  largestMisses,
  mostConfused,
  worstUnder,
} from '../../src/classes/cells.ts';
import {positionsOf} from '../../src/classes/order.ts';
import {cellsOf, compressed} from './samples.ts';

const MATRIX = [
  [8, 2, 0],
  [1, 9, 0],
  [0, 5, 0],
];

test('sums of rows and columns are support and predicted', () => {
  const cells = cellsOf(MATRIX);
  expect([...cells.support]).toEqual([10, 10, 5]);
  expect([...cells.predicted]).toEqual([9, 16, 0]);
  expect(cells.total).toBe(25);
});

test('every cell is found, those that are not stored as 0', () => {
  const cells = cellsOf(MATRIX);
  MATRIX.forEach((row, truth) => {
    row.forEach((count, guess) => {
      expect(countAt(cells, truth, guess)).toBe(count);
    });
  });
});

test('supports of the server win over sums of cells that are only a summary', () => {
  const {indptr, indices, counts} = compressed(MATRIX);
  const cells = cellsFrom(indptr, indices, counts, [100, null, 50], [90, 40, 20]);
  expect([...cells.support]).toEqual([100, 10, 50]);
  expect([...cells.predicted]).toEqual([90, 40, 20]);
});

describe('normalising', () => {
  test.each([
    ['row', 2 / 10],
    ['column', 2 / 16],
    ['all', 2 / 25],
    ['count', 2],
  ] as const)('by %s divides 2 by the right sum', (by, value) => {
    const cells = cellsOf(MATRIX);
    const {row, column} = factors(cells, by);
    expect(2 * (row[0] as number) * (column[1] as number)).toBeCloseTo(value, 12);
    expect(2 / denominator(cells, by, 0, 1)).toBeCloseTo(value, 12);
  });

  test('a class without examples has shares of 0, not of infinity', () => {
    const {row, column} = factors(
      cellsOf([
        [0, 0],
        [3, 0],
      ]),
      'row',
    );
    expect([...row]).toEqual([0, 1 / 3]);
    expect([...column]).toEqual([1, 1]);
  });
});

test('hits and misses have an extent of their own', () => {
  expect(extent(cellsOf(MATRIX), 'count')).toEqual({hits: [8, 9], misses: [1, 5]});
});

test('an empty matrix has no extent', () => {
  expect(
    extent(
      cellsOf([
        [0, 0],
        [0, 0],
      ]),
      'row',
    ),
  ).toEqual({hits: null, misses: null});
});

test('the largest misses come first and leave out hits', () => {
  const found = largestMisses(cellsOf(MATRIX), 'count', 2);
  expect(found.map(({truth, guess, value}) => [truth, guess, value])).toEqual([
    [2, 1, 5],
    [0, 1, 2],
  ]);
});

test('the most confused classes come with their counterparts, no more than asked for', () => {
  const matrix = Array.from({length: 6}, (_, t) =>
    Array.from({length: 6}, (_, p) => (t === p ? 9 : 0)),
  );
  (matrix[4] as number[])[5] = 7;
  (matrix[0] as number[])[1] = 3;
  expect([...mostConfused(cellsOf(matrix), 2)]).toEqual([4, 5]);
  expect([...mostConfused(cellsOf(matrix), 4)]).toEqual([4, 5, 0, 1]);
});

test('confusions of one class count both directions', () => {
  expect(confusedWith(cellsOf(MATRIX), 1, 5)).toEqual([2, 0]);
});

test('a dot tells of its worst miss, and of a hit only where no miss is under it', () => {
  const cells = cellsOf(MATRIX);
  const order = Uint32Array.from([0, 1, 2]);
  const shares = factors(cells, 'row');
  const under = (row: number, column: number, k: number) =>
    worstUnder(cells, shares, order, positionsOf(order, 3), row, column, k);
  expect(under(0, 0, 2)).toEqual({truth: 0, guess: 1});
  expect(under(0, 0, 1)).toEqual({truth: 0, guess: 0});
  expect(under(2, 2, 1)).toBeNull();
});
