/** Which square of the matrix is in view. Positions count classes in the shown order. */

export interface Window {
  /** First row, first column: fractions while dragging. */
  readonly row: number;
  readonly column: number;
  /** Classes per side. */
  readonly span: number;
}

/** Fewest classes that a zoom shows: below, there is nothing more to read. */
export const SMALLEST_SPAN = 4;

export function whole(classes: number): Window {
  return {row: 0, column: 0, span: Math.max(1, classes)};
}

/** Moves a window back inside `classes` x `classes` and limits its zoom. */
export function contained(window: Window, classes: number): Window {
  const span = Math.min(
    Math.max(window.span, Math.min(SMALLEST_SPAN, classes)),
    Math.max(1, classes),
  );
  const last = Math.max(0, classes - span);
  return {
    row: Math.min(Math.max(0, window.row), last),
    column: Math.min(Math.max(0, window.column), last),
    span,
  };
}

/**
 * Zooms by a factor (> 1 = nearer) so that what lies under the pointer stays there.
 *
 * Args:
 *   x, y: The pointer's place in the panel, each in [0, 1].
 */
export function zoomed(
  window: Window,
  factor: number,
  x: number,
  y: number,
  classes: number,
): Window {
  const limited = contained({...window, span: window.span / factor}, classes).span;
  return contained(
    {
      row: window.row + (window.span - limited) * y,
      column: window.column + (window.span - limited) * x,
      span: limited,
    },
    classes,
  );
}

/** Pans by a share of the window: `dx` = 1 moves by a whole window to the right. */
export function panned(window: Window, dx: number, dy: number, classes: number): Window {
  return contained(
    {...window, row: window.row + dy * window.span, column: window.column + dx * window.span},
    classes,
  );
}

/** The nearest window of the same span that shows a cell whole. */
export function revealing(window: Window, row: number, column: number, classes: number): Window {
  const along = (start: number, position: number) =>
    position < start
      ? position
      : position + 1 > start + window.span
        ? position + 1 - window.span
        : start;
  return contained(
    {...window, row: along(window.row, row), column: along(window.column, column)},
    classes,
  );
}

/** A window of `span` classes around a cell, on whole classes. */
export function around(row: number, column: number, span: number, classes: number): Window {
  const start = (position: number) => Math.round(position + 0.5 - span / 2);
  return contained({row: start(row), column: start(column), span}, classes);
}

/** The cell under a place of the panel, `x` and `y` in [0, 1); null outside the matrix. */
export function cellUnder(
  window: Window,
  x: number,
  y: number,
  classes: number,
): {row: number; column: number} | null {
  if (x < 0 || y < 0 || x >= 1 || y >= 1) return null;
  const row = Math.floor(window.row + y * window.span);
  const column = Math.floor(window.column + x * window.span);
  return row < classes && column < classes ? {row, column} : null;
}
