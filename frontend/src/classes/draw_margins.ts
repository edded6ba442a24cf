/**
 * Paints what surrounds the square: axis titles, class names, supports, recall and precision.
 * The context is scaled by the device's ratio, so that all coordinates are CSS pixels.
 */
import type {Pens, Picture} from './draw_cells.ts';
import {LABEL_LINE, labelPlaces, type PanelFrame} from './geometry.ts';
import {cutTo} from './labels.ts';
import type {Window} from './window.ts';
import {percent, shortAmount, UNDEFINED} from './words.ts';

/** The sums and scores that stand beside and below the cells, one per class. */
export interface Margins {
  readonly support: ArrayLike<number | null>;
  readonly predicted: ArrayLike<number | null>;
  readonly recall: ArrayLike<number | null>;
  readonly precision: ArrayLike<number | null>;
  readonly accuracy: number | null;
  readonly total: number;
}

export interface Surroundings {
  readonly frame: PanelFrame;
  readonly window: Window;
  readonly picture: Picture;
  readonly names: (index: number) => string;
  readonly margins: Margins | null;
}

interface Style {
  readonly align?: CanvasTextAlign;
  readonly size?: number;
  readonly weight?: number;
  readonly ink?: string;
  /** The text is cut to this width. */
  readonly width?: number;
}

const CUTS = new Map<string, string>();
const MOST_CUTS = 4_096;

/** A context with its pens: writes words in the page's font. */
export class Pencil {
  readonly context: CanvasRenderingContext2D;
  readonly pens: Pens;
  private font = '';

  constructor(context: CanvasRenderingContext2D, pens: Pens) {
    this.context = context;
    this.pens = pens;
    context.textBaseline = 'middle';
    context.direction = 'ltr';
  }

  write(text: string, x: number, y: number, style: Style = {}): void {
    const {align = 'left', size = 12, weight = 400, ink = this.pens.text, width} = style;
    this.use(`${weight} ${size}px ${this.pens.family}`);
    this.context.fillStyle = ink;
    this.context.textAlign = align;
    this.context.fillText(width === undefined ? text : this.cut(text, width), x, y);
  }

  /** Width of a text in a font. */
  width(text: string, size: number, weight = 400): number {
    this.use(`${weight} ${size}px ${this.pens.family}`);
    return this.context.measureText(text).width;
  }

  /** Writes upwards from a point. */
  upright(text: string, x: number, y: number, style: Style): void {
    const before = this.context.getTransform();
    this.context.translate(x, y);
    this.context.rotate(-Math.PI / 2);
    this.write(text, 0, 0, style);
    this.context.setTransform(before);
  }

  /** Setting a font costs more than writing with it. */
  private use(font: string): void {
    if (font === this.font) return;
    this.context.font = font;
    this.font = font;
  }

  /** Cuts a text in the current font. Measuring costs more than writing: kept between paints. */
  private cut(text: string, width: number): string {
    const key = `${this.font} ${width} ${text}`;
    const known = CUTS.get(key);
    if (known !== undefined) return known;
    const fits = cutTo(text, width, (part) => this.context.measureText(part).width);
    if (CUTS.size >= MOST_CUTS) CUTS.clear();
    CUTS.set(key, fits);
    return fits;
  }

  rect(x: number, y: number, width: number, height: number, ink: string): void {
    this.context.fillStyle = ink;
    this.context.fillRect(x, y, width, height);
  }
}

export function drawSurroundings(pencil: Pencil, parts: Surroundings): void {
  const {frame, margins} = parts;
  const {muted} = pencil.pens;
  pencil.write('true \u2193', frame.left - 8, 9, {
    align: 'right',
    size: 11,
    weight: 500,
    ink: muted,
  });
  pencil.write('predicted \u2192', frame.left + 1, 9, {size: 11, weight: 500, ink: muted});
  const rows = labelPlaces(parts.window.row, parts.window, frame.side, parts.picture.order.length);
  for (const {position, centre} of rows) writeRowName(pencil, parts, position, centre, 400);
  for (const {position, centre} of columnPlaces(parts)) {
    writeColumnName(pencil, parts, position, centre, 400);
  }
  if (margins) {
    drawRight(pencil, parts, margins);
    drawBelow(pencil, parts, margins);
  }
}

/** Columns whose name is written: all that fit side by side or upright. */
function columnPlaces({window, frame, picture}: Surroundings) {
  const needed = frame.upright ? LABEL_LINE : 1;
  return labelPlaces(window.column, window, frame.side, picture.order.length, needed);
}

/** Names shrink a little before they are left out. */
function labelSize({frame, window}: Surroundings): number {
  const cell = frame.side / window.span;
  return cell >= 14 ? 12 : cell >= 12 ? 11 : cell >= 10.5 ? 10 : 9;
}

export function writeRowName(
  pencil: Pencil,
  parts: Surroundings,
  position: number,
  centre: number,
  weight: number,
): void {
  const {frame, names, picture} = parts;
  pencil.write(names(picture.order[position] as number), frame.left - 8, frame.top + centre, {
    align: 'right',
    size: labelSize(parts),
    weight,
    width: frame.left - 12,
  });
}

export function writeColumnName(
  pencil: Pencil,
  parts: Surroundings,
  position: number,
  centre: number,
  weight: number,
): void {
  const {frame, names, picture} = parts;
  const name = names(picture.order[position] as number);
  const x = frame.left + centre;
  const size = labelSize(parts);
  if (frame.upright) {
    pencil.upright(name, x, frame.top - 6, {size, weight, width: frame.top - 26});
  } else {
    pencil.write(name, x, frame.top - 9, {align: 'center', size, weight});
  }
}

const BAR = 24;

/** Offsets of the margin's columns from the square's right edge; -1 = no room. */
function rightColumns(frame: PanelFrame): {support: number; bar: number; recall: number} {
  if (frame.support) return {support: 44, bar: 54, recall: 108};
  const room = frame.width - frame.left - frame.side;
  return room >= 64 ? {support: -1, bar: 6, recall: 62} : {support: -1, bar: -1, recall: 36};
}

function drawRight(pencil: Pencil, parts: Surroundings, margins: Margins): void {
  const {frame, window, picture} = parts;
  const {muted, text} = pencil.pens;
  const at = rightColumns(frame);
  const edge = frame.left + frame.side;
  const head = {size: 11, weight: 500, ink: muted, align: 'right'} as const;
  if (at.support > 0) pencil.write('support', edge + at.support, frame.top - 9, head);
  pencil.write('recall %', edge + at.recall, frame.top - 9, head);
  for (const {position, centre} of labelPlaces(
    window.row,
    window,
    frame.side,
    picture.order.length,
  )) {
    const index = picture.order[position] as number;
    const y = frame.top + centre;
    const recall = margins.recall[index] ?? null;
    const size = Math.min(11, labelSize(parts));
    if (at.support > 0) {
      const support = margins.support[index] ?? null;
      const words = support === null ? UNDEFINED : shortAmount(support);
      pencil.write(words, edge + at.support, y, {size, ink: muted, align: 'right'});
    }
    if (at.bar >= 0 && recall !== null) {
      const height = Math.min(6, Math.max(3, frame.side / window.span - 6));
      bar(pencil, edge + at.bar, y - height / 2, BAR, height, recall, 'right');
    }
    const words = recall === null ? UNDEFINED : percent(recall);
    pencil.write(words, edge + at.recall, y, {size, ink: text, align: 'right'});
  }
}

function drawBelow(pencil: Pencil, parts: Surroundings, margins: Margins): void {
  const {frame, window, picture} = parts;
  const {muted} = pencil.pens;
  const cell = frame.side / window.span;
  const bottom = frame.top + frame.side;
  const places = labelPlaces(window.column, window, frame.side, picture.order.length, 5);
  const widest = places.reduce((most, {position}) => {
    const index = picture.order[position] as number;
    const predicted = frame.counts ? shortAmount(margins.predicted[index] ?? 0) : '';
    return Math.max(most, pencil.width(predicted, 11), pencil.width('98.7', 11));
  }, 0);
  const numbers = widest + 5 <= cell;
  const line = (k: number) => bottom + 36 + k * 15;
  for (const {position, centre} of places) {
    const index = picture.order[position] as number;
    const x = frame.left + centre;
    const precision = margins.precision[index] ?? null;
    const width = Math.min(6, Math.max(2, cell - 4));
    if (precision !== null) bar(pencil, x - width / 2, bottom + 5, width, BAR - 2, precision, 'up');
    if (!numbers) continue;
    const style = {align: 'center', size: 11} as const;
    pencil.write(precision === null ? UNDEFINED : percent(precision), x, line(0), style);
    const predicted = margins.predicted[index] ?? null;
    if (frame.counts && predicted !== null) {
      pencil.write(shortAmount(predicted), x, line(1), {...style, ink: muted});
    }
  }
  const head = {align: 'right', size: 11, weight: 500, ink: muted} as const;
  const fits = {...head, width: frame.left - 10};
  pencil.write('precision %', frame.left - 8, numbers ? line(0) : bottom + 16, fits);
  if (numbers && frame.counts) pencil.write('predicted', frame.left - 8, line(1), fits);
  drawCorner(pencil, parts, margins, line);
}

/** The corner of both margins: what all classes together make. */
function drawCorner(
  pencil: Pencil,
  {frame}: Surroundings,
  margins: Margins,
  line: (k: number) => number,
): void {
  const edge = frame.left + frame.side;
  const right = edge + rightColumns(frame).recall;
  const {muted} = pencil.pens;
  pencil.write('accuracy', right, line(0), {align: 'right', size: 11, weight: 500, ink: muted});
  const accuracy = margins.accuracy === null ? UNDEFINED : `${percent(margins.accuracy)} %`;
  pencil.write(accuracy, right, line(1), {align: 'right', size: 12, weight: 600});
}

/** A score as a bar: hits blue, the rest in a faint orange. */
function bar(
  pencil: Pencil,
  x: number,
  y: number,
  width: number,
  height: number,
  share: number,
  direction: 'right' | 'up',
): void {
  const {hit, missSoft} = pencil.pens;
  pencil.rect(x, y, width, height, missSoft);
  if (direction === 'right') pencil.rect(x, y, width * share, height, hit);
  else pencil.rect(x, y + height * (1 - share), width, height * share, hit);
}
