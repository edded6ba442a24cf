/** Draws one curve on a canvas, at most a few points per pixel column, gaps at NaN. */

import {lowerBound, type Points, type Scale} from './path.ts';

export interface Line {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** `#rrggbb`. */
  readonly color: string;
  readonly width: number;
  readonly dash?: readonly number[];
  readonly alpha?: number;
}

/** What lies between two values at the same x. */
export interface Area {
  readonly x: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly color: string;
  readonly alpha: number;
}

/** First and last index of each stretch of an area in which both ends are numbers. */
export function stretches({low, high}: Pick<Area, 'low' | 'high'>): [number, number][] {
  const found: [number, number][] = [];
  let open = false;
  for (let i = 0; i < low.length; i++) {
    const known = Number.isFinite(low[i]) && Number.isFinite(high[i]);
    const last = found[found.length - 1];
    if (known && open && last) last[1] = i;
    else if (known) found.push([i, i]);
    open = known;
  }
  return found;
}

type Path = Pick<CanvasRenderingContext2D, 'moveTo' | 'lineTo'>;

/** The same as an SVG path: "M0 1L2 3". */
export function svgPath(
  curve: Points,
  toX: Scale,
  toY: Scale,
  range: readonly [number, number],
): string {
  let path = '';
  const pen = (letter: string) => (x: number, y: number) => {
    path += `${letter}${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
  };
  trace({moveTo: pen('M'), lineTo: pen('L')}, curve, toX, toY, range);
  return path;
}

/** Traces what of the curve lies in [from, to], and one point beyond on either side. */
export function trace(
  path: Path,
  {x, y}: Points,
  toX: Scale,
  toY: Scale,
  [from, to]: readonly [number, number],
): void {
  const first = Math.max(0, lowerBound(x, from) - 1);
  const last = Math.min(x.length - 1, lowerBound(x, to));
  const columns = Math.abs(toX(to) - toX(from));
  const pen = last - first > 4 * columns ? new ColumnPen(path) : new PlainPen(path);
  for (let i = first; i <= last; i++) {
    const value = toY(y[i] ?? Number.NaN);
    if (Number.isFinite(value)) pen.to(toX(x[i] ?? 0), value);
    else pen.lift();
  }
  pen.lift();
}

class PlainPen {
  private readonly path: Path;
  private down = false;

  constructor(path: Path) {
    this.path = path;
  }

  to(x: number, y: number): void {
    if (this.down) this.path.lineTo(x, y);
    else this.path.moveTo(x, y);
    this.down = true;
  }

  lift(): void {
    this.down = false;
  }
}

/** Keeps first, lowest, highest and last value of each pixel column: no spike is lost. */
class ColumnPen {
  private readonly pen: PlainPen;
  private column = Number.NaN;
  private first = 0;
  private low = 0;
  private high = 0;
  private last = 0;

  constructor(path: Path) {
    this.pen = new PlainPen(path);
  }

  to(x: number, y: number): void {
    const column = Math.round(x);
    if (column !== this.column) {
      this.flush();
      this.column = column;
      this.first = y;
      this.low = y;
      this.high = y;
    }
    this.low = Math.min(this.low, y);
    this.high = Math.max(this.high, y);
    this.last = y;
  }

  lift(): void {
    this.flush();
    this.column = Number.NaN;
    this.pen.lift();
  }

  private flush(): void {
    if (Number.isNaN(this.column)) return;
    this.pen.to(this.column, this.first);
    if (this.low !== this.first) this.pen.to(this.column, this.low);
    if (this.high !== this.low) this.pen.to(this.column, this.high);
    if (this.last !== this.high) this.pen.to(this.column, this.last);
  }
}
