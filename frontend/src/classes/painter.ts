/** Two canvases, one over the other: the cells below, what follows the pointer above. */
import {drawCells, type Pens} from './draw_cells.ts';
import {Pencil, type Surroundings} from './draw_margins.ts';

export class Painter {
  private readonly base: HTMLCanvasElement;
  private readonly top: HTMLCanvasElement;

  constructor(base: HTMLCanvasElement, top: HTMLCanvasElement) {
    this.base = base;
    this.top = top;
  }

  /** Paints the cells and what surrounds them. */
  paint(parts: Surroundings, pens: Pens, surround: (pencil: Pencil) => void): void {
    const context = this.base.getContext('2d', {alpha: false});
    if (!context) return;
    const {frame, window, picture} = parts;
    const ratio = sized(this.base, frame.width, frame.height);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = pens.card;
    context.fillRect(0, 0, this.base.width, this.base.height);
    const left = Math.round(frame.left * ratio);
    const top = Math.round(frame.top * ratio);
    drawCells(context, picture, window, pens, left, top, Math.round(frame.side * ratio), ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    surround(new Pencil(context, pens));
  }

  /** Paints the upper canvas anew; costs one row, one column and one outline. */
  overlay(parts: Surroundings, pens: Pens, draw: (pencil: Pencil) => void): void {
    const context = this.top.getContext('2d');
    if (!context) return;
    const {frame} = parts;
    const ratio = sized(this.top, frame.width, frame.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, frame.width, frame.height);
    draw(new Pencil(context, pens));
  }
}

/** Sizes a canvas in device pixels; resizing clears it, so only when it changed. */
function sized(canvas: HTMLCanvasElement, width: number, height: number): number {
  const ratio = globalThis.devicePixelRatio || 1;
  const w = Math.round(width * ratio);
  const h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  return ratio;
}
