import {describe, expect, test} from 'vitest';
import {bandPath, linePath, place, scoreRange, ticks, valueAt} from '../../src/classes/chart.ts';

test('a place and its value are each other\u2019s inverse', () => {
  const axis = {low: 100, high: 300, from: 40, to: 440};
  expect(place(axis, 150)).toBe(140);
  expect(valueAt(axis, 140)).toBe(150);
});

test('a single step lies in the middle', () => {
  expect(place({low: 7, high: 7, from: 0, to: 100}, 7)).toBe(50);
});

test('ticks are round, inside the range, and no more than asked for', () => {
  expect(ticks(0.83, 1, 5)).toEqual([0.85, 0.9, 0.95, 1]);
  expect(ticks(0, 1_200, 7)).toEqual([0, 200, 400, 600, 800, 1_000, 1_200]);
  expect(ticks(5, 5, 4)).toEqual([5]);
});

describe('the range of scores', () => {
  test('is rounded outwards and stays in [0, 1]', () => {
    expect(scoreRange([0.883, 0.9, 0.997])).toEqual([0.88, 1]);
    expect(scoreRange([0.31, 0.9])).toEqual([0.3, 0.9]);
  });

  test('of one value has a height', () => {
    expect(scoreRange([1, 1])).toEqual([0.98, 1]);
    expect(scoreRange([0, 0])).toEqual([0, 0.02]);
  });

  test('without values is all of [0, 1]', () => {
    expect(scoreRange([null, Number.NaN])).toEqual([0, 1]);
  });
});

describe('a curve', () => {
  test('has a gap where it is undefined', () => {
    expect(linePath([0, 1, 2, 3], [5, Number.NaN, 6, 7])).toBe('M0.0 5.0h0M2.0 6.0L3.0 7.0');
  });

  test('of one point is a dot', () => {
    expect(linePath([4], [2])).toBe('M4.0 2.0h0');
  });

  test('of thousands of points keeps its one peak', () => {
    const xs = Float64Array.from({length: 20_000}, (_, i) => i / 100);
    const ys = new Float64Array(20_000).fill(50);
    ys[12_345] = 1;
    const path = linePath(xs, ys);
    expect(path).toContain(' 1.0');
    expect(path.length).toBeLessThan(20_000);
  });

  test('keeps its gap when it is thinned', () => {
    const xs = Float64Array.from({length: 2_000}, (_, i) => i / 20);
    const ys = new Float64Array(2_000).fill(5);
    ys.fill(Number.NaN, 900, 1_100);
    expect(linePath(xs, ys).match(/M/g)).toHaveLength(2);
  });
});

test('a band is closed and leaves out what has no interval', () => {
  const path = bandPath([0, 1, 2, 3], [4, 4, Number.NaN, 4], [2, 2, 2, 2]);
  expect(path).toBe('M0.0 2.0L1.0 2.0L1.0 4.0L0.0 4.0Z');
});
