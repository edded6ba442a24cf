import {expect, test} from 'vitest';
import {
  around,
  cellUnder,
  contained,
  panned,
  revealing,
  whole,
  zoomed,
} from '../../src/classes/window.ts';

test('zooming keeps what lies under the pointer where it is', () => {
  const before = {row: 100, column: 300, span: 200};
  const after = zoomed(before, 2, 0.25, 0.75, 1_000);
  expect(after.span).toBe(100);
  expect(after.column + 0.25 * after.span).toBeCloseTo(before.column + 0.25 * before.span, 9);
  expect(after.row + 0.75 * after.span).toBeCloseTo(before.row + 0.75 * before.span, 9);
});

test('zooming out ends with the whole matrix, zooming in with four classes', () => {
  expect(zoomed({row: 5, column: 5, span: 10}, 1e-6, 0.5, 0.5, 50)).toEqual(whole(50));
  expect(zoomed(whole(50), 1e6, 0.5, 0.5, 50).span).toBe(4);
});

test('a window never leaves the matrix', () => {
  expect(contained({row: -3, column: 99, span: 10}, 50)).toEqual({row: 0, column: 40, span: 10});
  expect(panned({row: 0, column: 40, span: 10}, 5, -5, 50)).toEqual({row: 0, column: 40, span: 10});
});

test('two classes are a window of two', () => {
  expect(contained(whole(2), 2)).toEqual({row: 0, column: 0, span: 2});
});

test('moving the cursor out of view moves the window just far enough', () => {
  const window = {row: 10, column: 10, span: 10};
  expect(revealing(window, 25, 15, 100)).toEqual({row: 16, column: 10, span: 10});
  expect(revealing(window, 9, 15, 100)).toEqual({row: 9, column: 10, span: 10});
  expect(revealing(window, 12, 12, 100)).toEqual(window);
});

test('a window around a cell has it near its middle', () => {
  expect(around(50, 3, 20, 100)).toEqual({row: 41, column: 0, span: 20});
});

test('the cell under a place is counted from the window, and there is none outside', () => {
  const window = {row: 10, column: 20, span: 10};
  expect(cellUnder(window, 0.55, 0.05, 100)).toEqual({row: 10, column: 25});
  expect(cellUnder(window, 1, 0.5, 100)).toBeNull();
  expect(cellUnder(window, -0.01, 0.5, 100)).toBeNull();
});
