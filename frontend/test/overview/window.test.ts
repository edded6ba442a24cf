import {describe, expect, test} from 'vitest';
import {rowsWithin} from '../../src/overview/window.ts';

const heights = Array.from({length: 1_000}, (_, i) => (i % 3 === 2 ? 42 : 57));
const total = heights.reduce((sum, height) => sum + height, 0);
const sum = (from: number, to: number) =>
  heights.slice(from, to).reduce((all, height) => all + height, 0);

describe('the drawn rows', () => {
  test.each([0, 1, 57, 5_000, total - 10])(
    'at %s pixels cover the screen, and no row is lost',
    (top) => {
      const {first, end, above, below} = rowsWithin(heights, top, top + 800);
      expect(above).toBeLessThanOrEqual(top);
      expect(above).toBe(sum(0, first));
      expect(above + sum(first, end) + below).toBe(total);
      expect(above + sum(first, end)).toBeGreaterThanOrEqual(Math.min(total, top + 800));
      expect(end - first).toBeLessThan(20);
    },
  );

  test('above the table are its first ones', () => {
    expect(rowsWithin(heights, -500, 100)).toMatchObject({first: 0, end: 2, above: 0});
  });

  test('of an empty table are none', () => {
    expect(rowsWithin([], 0, 100)).toEqual({first: 0, end: 0, above: 0, below: 0});
  });
});
