import {describe, expect, test} from 'vitest';
import {
  barOf,
  changeOf,
  quantile,
  rowOrder,
  rowsInView,
  whiskerOf,
  whiskerRange,
} from '../../src/classes/table_rows.ts';
import {headerOf} from './samples.ts';

const MATRIX = [
  [8, 2, 0, 0],
  [4, 6, 0, 0],
  [0, 0, 0, 0],
  [3, 0, 0, 0],
];

test('the worst F1 comes first and a class without any F1 last, whichever way', () => {
  const header = headerOf(MATRIX);
  expect([...rowOrder(header, header.class_names, null, 'f1', 1)]).toEqual([3, 0, 1, 2]);
  expect([...rowOrder(header, header.class_names, null, 'f1', -1)].at(-1)).toBe(2);
});

test('classes without names sort by their number', () => {
  const header = headerOf(MATRIX, {named: false, class_names: ['0', '1', '2', '3']});
  expect([...rowOrder(header, header.class_names, null, 'class', -1)]).toEqual([3, 2, 1, 0]);
});

test('changes sort with the undefined last', () => {
  const now = headerOf(MATRIX);
  const before = headerOf([
    [1, 9, 0, 0],
    [0, 10, 0, 0],
    [0, 0, 0, 0],
    [3, 0, 0, 0],
  ]);
  const order = [...rowOrder(now, now.class_names, before, 'delta', 1)];
  expect(order.at(-1)).toBe(2);
  expect(order[0]).toBe(1);
});

describe('a change', () => {
  const bar = (value: number | null, half: number | null) => ({
    value,
    low: value === null || half === null ? null : value - half,
    high: value === null || half === null ? null : value + half,
  });

  test('inside both intervals together is noise', () => {
    expect(changeOf(bar(0.9, 0.03), bar(0.86, 0.03))?.beyondNoise).toBe(false);
    expect(changeOf(bar(0.9, 0.03), bar(0.85, 0.03))?.beyondNoise).toBe(true);
  });

  test('without intervals is never called more than noise', () => {
    expect(changeOf(bar(0.9, null), bar(0.1, null))).toEqual({
      value: 0.8,
      beyondNoise: false,
      noise: null,
    });
  });

  test('from or to an undefined value is undefined', () => {
    expect(changeOf(bar(null, 0.1), bar(0.5, 0.1))).toBeNull();
    expect(changeOf(bar(0.5, 0.1), bar(null, 0.1))).toBeNull();
  });
});

describe('the range of the whiskers', () => {
  test('holds every interval of a few classes', () => {
    const header = headerOf([
      [98, 2],
      [1, 99],
    ]);
    const [low, high] = whiskerRange(header);
    for (const score of ['precision', 'recall', 'f1'] as const) {
      for (const index of [0, 1]) {
        const bar = barOf(header, score, index);
        expect(bar.low).toBeGreaterThanOrEqual(low);
        expect(bar.high).toBeLessThanOrEqual(high);
      }
    }
  });

  test('of many classes is not stretched by one class of one example', () => {
    const matrix = Array.from({length: 40}, (_, t) =>
      Array.from({length: 40}, (_, p) =>
        t === p ? (t === 0 ? 1 : 980) : p === 39 && t > 0 ? 20 : 0,
      ),
    );
    const header = headerOf(matrix);
    const range = whiskerRange(header);
    expect(range[0]).toBeGreaterThan(0.5);
    expect(whiskerOf(barOf(header, 'recall', 0), range)?.cutLow).toBe(true);
  });

  test('without any value is all of [0, 1]', () => {
    expect(whiskerRange(headerOf([[0]]))).toEqual([0, 1]);
  });
});

test('a whisker is cut at the range and says so', () => {
  expect(whiskerOf({value: 0.6, low: 0.2, high: 0.8}, [0.5, 1])).toEqual({
    from: 0,
    to: expect.closeTo(0.6, 9),
    dot: expect.closeTo(0.2, 9),
    cutLow: true,
    cutHigh: false,
  });
  expect(whiskerOf({value: null, low: null, high: null}, [0, 1])).toBeNull();
});

test('a quantile of one value is that value', () => {
  expect(quantile([3], 0.05)).toBe(3);
  expect(quantile([1, 2, 3, 4, 5], 0.5)).toBe(3);
});

test('of ten thousand rows only those in view exist', () => {
  const {first, last} = rowsInView(29 * 5_000, 600, 29, 10_000);
  expect(first).toBe(4_992);
  expect(last - first).toBeLessThan(40);
  expect(rowsInView(0, 600, 29, 3)).toEqual({first: 0, last: 3});
});
