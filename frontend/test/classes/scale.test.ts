import {expect, test} from 'vitest';
import {
  hitScale,
  legendTicks,
  missScale,
  niceAbove,
  niceBelow,
  tone,
} from '../../src/classes/scale.ts';

const EXTENT = {hits: [0.71, 0.98], misses: [0.001, 0.063]} as const;

test('misses on a log scale span from a round number below to one above', () => {
  expect(missScale(EXTENT, 'log', 'row')).toEqual({kind: 'log', low: 0.001, high: 0.08});
});

test('misses on a linear scale begin at 0', () => {
  expect(missScale(EXTENT, 'linear', 'row')).toEqual({kind: 'linear', low: 0, high: 0.08});
});

test('one rare cell does not stretch the log scale beyond three decades', () => {
  const scale = missScale({hits: null, misses: [1e-9, 0.5]}, 'log', 'row');
  expect(scale?.low).toBe(0.0005);
});

test('misses that are all the same still have a scale', () => {
  const scale = missScale({hits: null, misses: [0.1, 0.1]}, 'log', 'row');
  expect(scale && scale.low < scale.high).toBe(true);
});

test('a matrix without misses has no scale for them', () => {
  expect(missScale({hits: [1, 1], misses: null}, 'log', 'row')).toBeNull();
});

test('hits begin at a quarter below the worst of them and end at 100 %', () => {
  expect(hitScale(EXTENT, 'row')).toEqual({kind: 'linear', low: 0.5, high: 1});
  expect(hitScale({hits: [1, 1], misses: null}, 'row')?.low).toBe(0.75);
});

test('hits as counts begin at 0', () => {
  expect(hitScale({hits: [3, 170], misses: null}, 'count')).toEqual({
    kind: 'linear',
    low: 0,
    high: 200,
  });
});

test('a tone is 0 at the low end, 1 at the high end, and equal ratios are equal steps in log', () => {
  const scale = {kind: 'log', low: 0.001, high: 0.1} as const;
  expect(tone(scale, 0.0001)).toBe(0);
  expect(tone(scale, 0.01)).toBeCloseTo(0.5, 12);
  expect(tone(scale, 7)).toBe(1);
});

test('round numbers are the nearest outwards', () => {
  expect([0.063, 0.1, 1, 17, 999].map(niceAbove)).toEqual([0.08, 0.1, 1, 20, 1000]);
  expect([0.0012, 0.1, 4.9, 99].map(niceBelow)).toEqual([0.001, 0.1, 2, 50]);
});

test('a log legend names a value in the middle, a linear one its ends', () => {
  expect(legendTicks({kind: 'log', low: 0.001, high: 0.08})).toEqual([0.001, 0.005, 0.08]);
  expect(legendTicks({kind: 'linear', low: 0.5, high: 1})).toEqual([0.5, 1]);
});
