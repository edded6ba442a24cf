import {expect, test} from 'vitest';
import {gridMove} from '../../src/classes/grid_keys.ts';
import {nextIndex} from '../../src/classes/step_strip.tsx';

const AT = {row: 5, column: 5};

test('arrows move by one cell, with Shift by ten, and stop at the edges', () => {
  expect(gridMove('ArrowRight', false, AT, 10)?.to).toEqual({row: 5, column: 6});
  expect(gridMove('ArrowUp', false, AT, 10)?.to).toEqual({row: 4, column: 5});
  expect(gridMove('ArrowDown', true, AT, 10)?.to).toEqual({row: 9, column: 5});
  expect(gridMove('ArrowLeft', true, AT, 1_000)?.to).toEqual({row: 5, column: 0});
});

test('Home and End go along the row, Page keys along the column', () => {
  expect(gridMove('Home', false, AT, 10)?.to).toEqual({row: 5, column: 0});
  expect(gridMove('End', false, AT, 10)?.to).toEqual({row: 5, column: 9});
  expect(gridMove('PageUp', false, AT, 10)?.to).toEqual({row: 0, column: 5});
  expect(gridMove('PageDown', false, AT, 10)?.to).toEqual({row: 9, column: 5});
});

test('plus and minus zoom, 0 resets, Enter pins, Escape leaves', () => {
  expect(gridMove('+', false, AT, 10)?.zoom).toBeGreaterThan(1);
  expect(gridMove('-', false, AT, 10)?.zoom).toBeLessThan(1);
  expect(gridMove('0', false, AT, 10)?.reset).toBe(true);
  expect(gridMove('Enter', false, AT, 10)?.pin).toBe(true);
  expect(gridMove('Escape', false, AT, 10)?.leave).toBe(true);
});

test('other keys are left to the page', () => {
  expect(gridMove('Tab', false, AT, 10)).toBeNull();
  expect(gridMove('a', false, AT, 10)).toBeNull();
});

test('step keys move by one, by a tenth, and to both ends', () => {
  expect(nextIndex('ArrowRight', 3, 49)).toBe(4);
  expect(nextIndex('ArrowLeft', 0, 49)).toBe(0);
  expect(nextIndex('PageUp', 3, 49)).toBe(8);
  expect(nextIndex('End', 3, 49)).toBe(49);
  expect(nextIndex('Home', 3, 49)).toBe(0);
  expect(nextIndex('x', 3, 49)).toBeNull();
});
