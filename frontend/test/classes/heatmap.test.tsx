import {signal} from '@preact/signals';
import {cleanup, fireEvent, render, screen} from '@testing-library/preact';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {extent, factors} from '../../src/classes/cells.ts';
import type {Picture} from '../../src/classes/draw_cells.ts';
import {panelFrame} from '../../src/classes/geometry.ts';
import {Heatmap} from '../../src/classes/heatmap.tsx';
import {positionsOf} from '../../src/classes/order.ts';
import {themePens} from '../../src/classes/pens.ts';
import {hitScale, missScale} from '../../src/classes/scale.ts';
import {pinned, spot} from '../../src/classes/state.ts';
import {type Window, whole} from '../../src/classes/window.ts';
import {cellsOf, headerOf} from './samples.ts';

const MATRIX = [
  [8, 2, 0],
  [1, 9, 0],
  [0, 5, 5],
];
const NAMES = ['four', 'nine', '<b>six</b>'];

beforeEach(() => {
  spot.value = null;
  pinned.value = null;
});
afterEach(cleanup);

function show(zoomable = false) {
  const cells = cellsOf(MATRIX);
  const header = headerOf(MATRIX);
  const range = extent(cells, 'row');
  const order = Uint32Array.from([2, 0, 1]);
  const picture: Picture = {
    cells,
    factors: factors(cells, 'row'),
    by: 'row',
    order,
    positions: positionsOf(order, 3),
    hits: hitScale(range, 'row'),
    misses: missScale(range, 'log', 'row'),
    atLeast: false,
  };
  const frame = panelFrame({
    width: 600,
    span: 3,
    names: NAMES,
    measure: (text) => text.length * 7,
    margins: true,
    supportKnown: true,
    tallest: 600,
  });
  const window = signal<Window>(whole(3));
  let resets = 0;
  render(
    <Heatmap
      label="Confusion matrix"
      frame={frame}
      picture={picture}
      pens={themePens()}
      telling={{
        cells,
        names: (index) => NAMES[index] as string,
        margins: {...header.per_class, accuracy: 0.7, total: 30},
        weighted: false,
        bound: 0,
        normalised: false,
      }}
      withMargins
      window={window}
      zoomable={zoomable}
      onReset={() => {
        resets++;
      }}
    />,
  );
  const cell = frame.side / 3;
  const at = (row: number, column: number) => ({
    clientX: frame.left + (column + 0.5) * cell,
    clientY: frame.top + (row + 0.5) * cell,
    button: 0,
    pointerId: 1,
  });
  return {grid: screen.getByRole('grid'), window, at, resets: () => resets};
}

function spoken(): string | null {
  return screen.getByRole('gridcell').getAttribute('aria-label');
}

test('the grid says its size and has one cell that follows the cursor', () => {
  const {grid} = show();
  expect(grid.getAttribute('aria-rowcount')).toBe('3');
  expect(grid.getAttribute('aria-activedescendant')).toBe(screen.getByRole('gridcell').id);
  expect(spoken()).toBe('true <b>six</b>, predicted <b>six</b>: 5 of 10 (50.0 %)');
  fireEvent.keyDown(grid, {key: 'ArrowRight'});
  expect(spoken()).toBe('true <b>six</b>, predicted four: 0 of 10 (0 %)');
  fireEvent.keyDown(grid, {key: 'ArrowDown'});
  fireEvent.keyDown(grid, {key: 'End'});
  expect(spoken()).toBe('true four, predicted nine: 2 of 10 (20.0 %)');
  expect(screen.getByRole('gridcell').getAttribute('aria-colindex')).toBe('3');
});

test('the pointer finds the class in the shown order, and leaving forgets it', () => {
  const {grid, at} = show();
  fireEvent.pointerMove(grid, at(1, 2));
  expect(spot.value).toEqual({truth: 0, guess: 1, from: 'matrix'});
  fireEvent.pointerLeave(grid);
  expect(spot.value).toBeNull();
});

test('on a name or a margin, the whole row or column is meant', () => {
  const {grid, at} = show();
  fireEvent.pointerMove(grid, {...at(1, 0), clientX: 4});
  expect(spot.value).toEqual({truth: 0, guess: null, from: 'matrix'});
  fireEvent.pointerMove(grid, {...at(0, 2), clientY: 4});
  expect(spot.value).toEqual({truth: null, guess: 1, from: 'matrix'});
});

test('a click pins a cell, a second one lets go; a drag pins nothing', () => {
  const {grid, at} = show();
  fireEvent.pointerDown(grid, at(1, 2));
  fireEvent.pointerUp(grid, at(1, 2));
  expect(pinned.value).toEqual({truth: 0, guess: 1});
  fireEvent.pointerDown(grid, at(1, 2));
  fireEvent.pointerUp(grid, at(1, 2));
  expect(pinned.value).toBeNull();
  fireEvent.pointerDown(grid, at(0, 0));
  fireEvent.pointerMove(grid, at(1, 2));
  fireEvent.pointerUp(grid, at(1, 2));
  expect(pinned.value).toBeNull();
});

test('Enter pins the cell under the cursor', () => {
  const {grid} = show();
  fireEvent.keyDown(grid, {key: 'ArrowRight'});
  fireEvent.keyDown(grid, {key: 'Enter'});
  expect(pinned.value).toEqual({truth: 2, guess: 0});
});

test('a whole small matrix does not zoom, a zoomable one does, and 0 resets', () => {
  const small = show();
  fireEvent.keyDown(small.grid, {key: '+'});
  expect(small.window.value).toEqual(whole(3));
  cleanup();
  const large = show(true);
  fireEvent.keyDown(large.grid, {key: '0'});
  expect(large.resets()).toBe(1);
});

test('names in the tooltip are text', () => {
  const {grid, at} = show();
  fireEvent.pointerMove(grid, at(0, 2));
  expect(grid.querySelector('.cell-tip')?.textContent).toContain(
    'Of 10 true <b>six</b>, 5 were taken for nine.',
  );
  expect(grid.querySelector('.cell-tip b b')).toBeNull();
});
