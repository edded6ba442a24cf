/** What the keys do in the matrix, as an ARIA grid wants it. */

export interface GridAct {
  /** Where the cursor goes. */
  readonly to?: {readonly row: number; readonly column: number};
  /** Factor of the zoom, > 1 = nearer. */
  readonly zoom?: number;
  readonly reset?: true;
  /** Pins the cell under the cursor. */
  readonly pin?: true;
  readonly leave?: true;
}

/** Cells that Shift jumps. */
const JUMP = 10;
const ZOOM = 1.5;

/** Rows and columns of each arrow. */
const ARROWS = new Map<string, readonly [number, number]>([
  ['ArrowUp', [-1, 0]],
  ['ArrowDown', [1, 0]],
  ['ArrowLeft', [0, -1]],
  ['ArrowRight', [0, 1]],
]);

/** The act of a key; null where the key is not the grid's. */
export function gridMove(
  key: string,
  shift: boolean,
  at: {readonly row: number; readonly column: number},
  classes: number,
): GridAct | null {
  const arrow = ARROWS.get(key);
  const clamp = (position: number) => Math.min(classes - 1, Math.max(0, position));
  if (arrow) {
    const by = shift ? JUMP : 1;
    return {to: {row: clamp(at.row + arrow[0] * by), column: clamp(at.column + arrow[1] * by)}};
  }
  switch (key) {
    case 'Home':
      return {to: {row: clamp(at.row), column: 0}};
    case 'End':
      return {to: {row: clamp(at.row), column: classes - 1}};
    case 'PageUp':
      return {to: {row: 0, column: clamp(at.column)}};
    case 'PageDown':
      return {to: {row: classes - 1, column: clamp(at.column)}};
    case '+':
    case '=':
      return {zoom: ZOOM};
    case '-':
      return {zoom: 1 / ZOOM};
    case '0':
      return {zoom: 1, reset: true};
    case 'Enter':
    case ' ':
      return {pin: true};
    case 'Escape':
      return {leave: true};
    default:
      return null;
  }
}
