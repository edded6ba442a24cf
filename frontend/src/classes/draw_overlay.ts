/**
 * Paints what follows the pointer: on a canvas of its own, so that hovering never repaints the
 * cells. Coordinates are CSS pixels.
 */
import {type Pencil, type Surroundings, writeColumnName, writeRowName} from './draw_margins.ts';
import {cellBox} from './geometry.ts';
import type {Window} from './window.ts';

/** A class of the truth, of the prediction, or both: a cell. */
export interface Spot {
  readonly truth: number | null;
  readonly guess: number | null;
}

/** Emphasises one row and one column, and the cell where they meet. */
export function drawSpot(pencil: Pencil, parts: Surroundings, spot: Spot): void {
  const {frame, window, picture} = parts;
  const row = positionOf(parts, spot.truth);
  const column = positionOf(parts, spot.guess);
  const cell = frame.side / window.span;
  if (row !== null) {
    const centre = (row + 0.5 - window.row) * cell;
    emphasiseRow(pencil, parts, row, centre, cell);
  }
  if (column !== null) {
    const centre = (column + 0.5 - window.column) * cell;
    emphasiseColumn(pencil, parts, column, centre, cell);
  }
  if (row === null || column === null || picture.order.length === 0) return;
  outline(pencil, parts, row, column, pencil.pens.text);
}

/** Outlines a cell that was pinned. */
export function drawPin(pencil: Pencil, parts: Surroundings, spot: Spot): void {
  const row = positionOf(parts, spot.truth);
  const column = positionOf(parts, spot.guess);
  if (row !== null && column !== null) outline(pencil, parts, row, column, pencil.pens.accent);
}

/** Draws the window of the zoomed square on the overview. */
export function drawWindow(pencil: Pencil, parts: Surroundings, window: Window): void {
  const {frame} = parts;
  const cell = frame.side / parts.window.span;
  const {context, pens} = pencil;
  const size = Math.max(5, window.span * cell);
  const x = frame.left + Math.min(frame.side - size, window.column * cell);
  const y = frame.top + Math.min(frame.side - size, window.row * cell);
  context.strokeStyle = pens.card;
  context.lineWidth = 4;
  context.strokeRect(x, y, size, size);
  context.strokeStyle = pens.accent;
  context.lineWidth = 2;
  context.strokeRect(x, y, size, size);
}

/** Marks classes along both axes of the overview. */
export function drawMarks(pencil: Pencil, parts: Surroundings, classes: Iterable<number>): void {
  const {frame, window, picture} = parts;
  const cell = frame.side / window.span;
  for (const index of classes) {
    const position = picture.positions[index] ?? -1;
    if (position < 0) continue;
    const at = (position + 0.5 - window.row) * cell;
    pencil.rect(frame.left - 7, frame.top + at - 0.75, 6, 1.5, pencil.pens.accent);
    pencil.rect(frame.left + at - 0.75, frame.top - 7, 1.5, 6, pencil.pens.accent);
  }
}

function positionOf({picture, window}: Surroundings, index: number | null): number | null {
  if (index === null) return null;
  const position = picture.positions[index] ?? -1;
  return position < 0 || window.span <= 0 ? null : position;
}

function emphasiseRow(
  pencil: Pencil,
  parts: Surroundings,
  row: number,
  centre: number,
  cell: number,
): void {
  const {frame} = parts;
  if (centre < 0 || centre > frame.side) return;
  const height = Math.max(1, cell);
  const y = frame.top + centre - height / 2;
  pencil.rect(frame.left, y, frame.width - frame.left, height, pencil.pens.band);
  const line = Math.max(height, 15);
  pencil.rect(0, frame.top + centre - line / 2, frame.left - 3, line, pencil.pens.card);
  pencil.rect(0, frame.top + centre - line / 2, frame.left - 3, line, pencil.pens.band);
  writeRowName(pencil, parts, row, centre, 600);
}

function emphasiseColumn(
  pencil: Pencil,
  parts: Surroundings,
  column: number,
  centre: number,
  cell: number,
): void {
  const {frame} = parts;
  if (centre < 0 || centre > frame.side) return;
  const width = Math.max(1, cell);
  const x = frame.left + centre - width / 2;
  pencil.rect(x, frame.top, width, frame.height - frame.top, pencil.pens.band);
  const line = Math.max(width, 15);
  const left = frame.left + centre - line / 2;
  pencil.rect(left, 17, line, frame.top - 19, pencil.pens.card);
  pencil.rect(left, 17, line, frame.top - 19, pencil.pens.band);
  writeColumnName(pencil, parts, column, centre, 600);
}

function outline(
  pencil: Pencil,
  {frame, window}: Surroundings,
  row: number,
  column: number,
  ink: string,
): void {
  const box = cellBox(frame, window, row, column);
  if (!box) return;
  const {context, pens} = pencil;
  // A dot of two pixels needs a ring around it to be found; a large cell its own edge.
  const grow = Math.max(0, (8 - box.width) / 2);
  context.strokeStyle = pens.card;
  context.lineWidth = 3;
  const edge = [
    box.left - grow,
    box.top - grow,
    box.width + 2 * grow,
    box.height + 2 * grow,
  ] as const;
  context.strokeRect(...edge);
  context.strokeStyle = ink;
  context.lineWidth = 2;
  context.strokeRect(...edge);
}
