/** Where the parts of the matrix picture lie, in CSS pixels. */
import {labelStride, type Measure} from './labels.ts';
import type {Window} from './window.ts';

/** Side from which a cell holds a number. */
export const NUMBER_CELL = 15;

/** Height that a line of label text needs. */
export const LABEL_LINE = 9;

/** Up to so many classes are drawn in one square with every name and the margins. */
export const MOST_NAMED = 60;

/** A square of few classes grows to this side, in cells of at most `LARGEST_CELL`. */
const ROOMY_SIDE = 480;
const LARGEST_CELL = 120;
const USUAL_CELL = 60;
const LONGEST_LABEL = 150;
/** Room for the words "precision %" beside the margin below. */
const MARGIN_TITLE = 66;
const TALLEST_LABEL = 110;
const AXIS_LINE = 18;

export interface PanelFrame {
  readonly width: number;
  readonly height: number;
  /** The square of cells. */
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** Names above the columns stand upright where they would not fit side by side. */
  readonly upright: boolean;
  /** Which margins there is room for, beside and below the square. */
  readonly support: boolean;
  /** Whether there are numbers of examples to print at all. */
  readonly counts: boolean;
}

export interface FrameWish {
  readonly width: number;
  /** Classes per side of the window: what the square is divided into. */
  readonly span: number;
  /** Names that may appear, already made visible. */
  readonly names: readonly string[];
  readonly measure: Measure;
  readonly margins: boolean;
  /** Supports are unknown where the rows were normalised before they were logged. */
  readonly supportKnown: boolean;
  /** Largest side of the square. */
  readonly tallest: number;
  /** Names stand upright whatever the zoom, so that zooming moves nothing else. */
  readonly upright?: boolean;
}

/** Lays out one square with names on both axes and, if wished, the margins. */
export function panelFrame(wish: FrameWish): PanelFrame {
  const {width, span, measure, margins, supportKnown} = wish;
  const longest = wish.names.reduce((most, name) => Math.max(most, measure(name)), 0);
  const label = Math.min(longest, LONGEST_LABEL, Math.max(36, width * 0.24));
  const left = Math.ceil(Math.max(label, margins ? MARGIN_TITLE : 34) + 12);
  const support = margins && supportKnown && width >= 460;
  const right = margins ? (support ? 112 : width >= 340 ? 68 : 42) : 4;
  const largest = Math.min(LARGEST_CELL, Math.max(USUAL_CELL, ROOMY_SIDE / span)) * span;
  const room = Math.max(40, Math.min(width - left - right, largest, wish.tallest));
  const cell = room / span;
  const side = cell >= 8 && !wish.upright ? Math.floor(cell) * span : Math.floor(room);
  const upright = wish.upright ?? longest + 6 > side / span;
  const head = upright ? Math.min(longest, TALLEST_LABEL) + 8 : 16;
  const top = AXIS_LINE + Math.ceil(head);
  const bottom = margins ? 62 : 8;
  return {
    width: left + side + right,
    height: top + side + bottom,
    left,
    top,
    side,
    upright,
    support,
    counts: supportKnown,
  };
}

/** Lays out the overview of all classes: a square with ranks on its axes. */
export function overviewFrame(width: number): PanelFrame {
  const left = 46;
  const top = 36;
  const side = Math.max(40, Math.min(560, width - left - 14));
  return {
    width,
    height: top + side + 6,
    left,
    top,
    side,
    upright: true,
    support: false,
    counts: false,
  };
}

/** Rows (or columns) whose label is drawn: every n-th that fits, with its centre in pixels. */
export function labelPlaces(
  start: number,
  window: Window,
  side: number,
  classes: number,
  needed = LABEL_LINE,
): {position: number; centre: number}[] {
  const cell = side / window.span;
  const stride = labelStride(cell, needed);
  const first = Math.ceil(start / stride - 1e-9) * stride;
  const places: {position: number; centre: number}[] = [];
  for (
    let position = first;
    position < Math.min(classes, start + window.span);
    position += stride
  ) {
    const centre = (position + 0.5 - start) * cell;
    if (centre >= 0 && centre <= side) places.push({position, centre});
  }
  return places;
}

/** The box of one cell within the panel, cut to the square; null where it is out of view. */
export function cellBox(
  frame: PanelFrame,
  window: Window,
  row: number,
  column: number,
): {left: number; top: number; width: number; height: number} | null {
  const cell = frame.side / window.span;
  const x0 = Math.max(0, Math.round((column - window.column) * cell));
  const x1 = Math.min(frame.side, Math.round((column + 1 - window.column) * cell));
  const y0 = Math.max(0, Math.round((row - window.row) * cell));
  const y1 = Math.min(frame.side, Math.round((row + 1 - window.row) * cell));
  if (x1 <= 0 || y1 <= 0 || x0 >= frame.side || y0 >= frame.side) return null;
  return {
    left: frame.left + x0,
    top: frame.top + y0,
    width: Math.max(1, x1 - x0),
    height: Math.max(1, y1 - y0),
  };
}
