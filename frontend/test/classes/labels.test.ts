import {describe, expect, test} from 'vitest';
import {type Box, cutTo, labelStride, spread, tooltipPlace} from '../../src/classes/labels.ts';

const measure = (text: string) => Array.from(text).length * 10;

describe('cutting a name', () => {
  test('leaves alone what fits', () => {
    expect(cutTo('four', 40, measure)).toBe('four');
  });

  test('takes its middle out, as much as must go', () => {
    expect(cutTo('a long name', 60, measure)).toBe('a l\u2026me');
  });

  test('never halves an emoji', () => {
    expect(cutTo('🦊🦊🦊🦊', 30, measure)).toBe('🦊\u2026🦊');
  });

  test('of a hundred thousand characters asks for its width only a few times', () => {
    let asked = 0;
    cutTo('x'.repeat(100_000), 100, (text) => {
      asked++;
      return measure(text);
    });
    expect(asked).toBeLessThan(25);
  });
});

test('every label is drawn where it fits, else every n-th', () => {
  expect([20, 11, 10, 2].map((cell) => labelStride(cell, 11))).toEqual([1, 1, 2, 6]);
});

describe('labels at the ends of curves', () => {
  const placed = (wishes: readonly number[]) =>
    spread(wishes, 15, 0, 200)
      .sort((a, b) => a.index - b.index)
      .map(({y}) => y);

  test('stay where they wish while there is room', () => {
    expect(placed([100, 20, 60])).toEqual([100, 20, 60]);
  });

  test('move apart around their middle where they collide', () => {
    expect(placed([100, 102])).toEqual([93.5, 108.5]);
  });

  test('never overlap and never leave the chart, whatever they wish', () => {
    for (const wishes of [
      [0, 0, 0, 0],
      [200, 199, 198],
      [1, 5, 9, 13, 190, 200, 200],
      [100, 100],
    ]) {
      const ys = placed(wishes).toSorted((a, b) => a - b);
      ys.slice(1).forEach((y, index) => {
        expect(y - (ys[index] as number)).toBeGreaterThanOrEqual(15 - 1e-9);
      });
      expect(ys[0]).toBeGreaterThanOrEqual(0);
      expect(ys[ys.length - 1]).toBeLessThanOrEqual(200);
    }
  });

  test('keep the order of their curves', () => {
    const order = spread([50, 48, 52], 15, 0, 200).map(({index}) => index);
    expect(order).toEqual([1, 0, 2]);
  });
});

describe('the tooltip', () => {
  const size = {width: 250, height: 80};
  const bounds: Box = {left: 0, top: 0, width: 1_000, height: 800};
  const crosses = (place: {left: number; top: number}, cell: Box) => ({
    column: place.left < cell.left + cell.width && place.left + size.width > cell.left,
    row: place.top < cell.top + cell.height && place.top + size.height > cell.top,
  });

  test('covers neither the row nor the column of its cell', () => {
    for (let x = 0; x < 1_000; x += 90) {
      for (let y = 0; y < 760; y += 90) {
        const cell = {left: x, top: y, width: 36, height: 36};
        expect(crosses(tooltipPlace(cell, size, bounds), cell)).toEqual({
          column: false,
          row: false,
        });
      }
    }
  });

  test('in a window of 400 pixels covers a little of the column, never the cell', () => {
    const cell = {left: 190, top: 300, width: 20, height: 20};
    const place = tooltipPlace(cell, size, {left: 0, top: 0, width: 400, height: 700});
    expect(crosses(place, cell).row).toBe(false);
  });
});
