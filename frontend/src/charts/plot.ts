/**
 * The one place that knows uPlot. It gives axes, ticks, log scales, drag zoom and pixel
 * ratios; curves and areas are drawn by trace.ts, words by the SVG above the canvas.
 */

import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import {formatDuration, formatInteger, formatNumber} from '../elements/format.ts';
import {token} from '../state/theme.ts';
import type {XAxis} from '../state/view.ts';
import type {Scale} from './path.ts';
import {type Area, type Line, stretches, trace} from './trace.ts';

export type Range = readonly [low: number, high: number];

/** All that is drawn. */
export interface Drawing {
  readonly lines: readonly Line[];
  readonly areas: readonly Area[];
  readonly xAxis: XAxis;
  readonly log: boolean;
  readonly xRange: Range;
  readonly yRange: Range;
  /** Pixels around the plotting area; axes come on top of it at the left and below. */
  readonly margin: {readonly top: number; readonly right: number};
}

/** Where things are, in CSS pixels of the chart's box. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Range;
  readonly y: Range;
  readonly log: boolean;
  readonly zoomed: boolean;
}

export interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

/** From values to pixels and, for x, back. */
export function scalesOf(frame: Frame): Scales & {xAt(pixel: number): number} {
  const {left, top, width, height, x, y, log} = frame;
  const level = log ? Math.log10 : (value: number) => value;
  const [low, high] = [level(y[0]), level(y[1])];
  return {
    x: (value) => left + ((value - x[0]) / (x[1] - x[0])) * width,
    y: (value) => top + (1 - (level(value) - low) / (high - low)) * height,
    xAt: (pixel) => x[0] + ((pixel - left) / width) * (x[1] - x[0]),
  };
}

const SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
  1800, 3600, 7200, 14400, 21600, 43200,
];
const DAYS = [1, 2, 5, 10, 20, 50, 100, 200, 500].map((days) => days * 86_400);

export class Plot {
  private readonly plot: uPlot;
  private drawing: Drawing;
  private zoomed = false;
  private readonly onFrame: (frame: Frame) => void;

  constructor(
    box: HTMLElement,
    drawing: Drawing,
    size: {width: number; height: number},
    onFrame: (frame: Frame) => void,
  ) {
    this.drawing = drawing;
    this.onFrame = onFrame;
    this.plot = new uPlot(this.options(size), this.data() as unknown as uPlot.AlignedData, box);
    void document.fonts?.ready.then(() => this.plot.redraw());
  }

  /** The element that takes the pointer's events: the plotting area. */
  get over(): HTMLElement {
    return this.plot.over;
  }

  /** Draws something else on the same kind of axes; a zoom stays unless the ranges change. */
  update(drawing: Drawing): void {
    const before = this.drawing;
    this.drawing = drawing;
    const moved = !same(before.xRange, drawing.xRange) || !same(before.yRange, drawing.yRange);
    if (moved) this.resetZoom();
    else this.plot.redraw();
  }

  resize(width: number, height: number): void {
    this.plot.setSize({width, height});
  }

  resetZoom(): void {
    this.zoomed = false;
    const {xRange, yRange} = this.drawing;
    this.plot.batch(() => {
      this.plot.setScale('x', {min: xRange[0], max: xRange[1]});
      this.plot.setScale('y', {min: yRange[0], max: yRange[1]});
    });
  }

  destroy(): void {
    this.plot.destroy();
  }

  private options({width, height}: {width: number; height: number}): uPlot.Options {
    const {xAxis, log, xRange, yRange, margin} = this.drawing;
    const given = (_: uPlot, low: number, high: number): uPlot.Range.MinMax => [low, high];
    return {
      mode: 2,
      width,
      height,
      padding: [margin.top, margin.right, 2, 6],
      legend: {show: false},
      cursor: {
        x: false,
        y: false,
        points: {show: false},
        drag: {x: true, y: true, uni: 24, setScale: true},
        bind: {
          dblclick: () => () => {
            this.resetZoom();
            return null;
          },
        },
      },
      scales: {
        x: {time: xAxis === 'wall', auto: false, min: xRange[0], max: xRange[1], range: given},
        y: {distr: log ? 3 : 1, auto: false, min: yRange[0], max: yRange[1], range: given},
      },
      axes: [this.xOptions(), this.yOptions()],
      series: [{}, {facets: [{scale: 'x'}, {scale: 'y'}], paths: () => null}] as uPlot.Series[],
      hooks: {
        setSelect: [
          (plot) => {
            if (plot.select.width > 0) this.zoomed = true;
          },
        ],
        drawAxes: [(plot) => this.draw(plot)],
      },
    };
  }

  private xOptions(): uPlot.Axis {
    const {xAxis} = this.drawing;
    const axis = {...this.axis(), size: 34, space: 80, grid: {show: false}};
    if (xAxis === 'wall') {
      return {...axis, space: 96, values: (_, splits) => clockTexts(splits)};
    }
    if (xAxis === 'relative') {
      return {
        ...axis,
        incrs: [...SECONDS, ...DAYS],
        values: (_, splits) => splits.map((seconds) => formatDuration(seconds)),
      };
    }
    return {
      ...axis,
      incrs: stepIncrements(),
      values: (_, splits) => splits.map((step) => formatInteger(step)),
    };
  }

  private yOptions(): uPlot.Axis {
    const {log} = this.drawing;
    return {
      ...this.axis(),
      size: 50,
      space: log ? 18 : 48,
      values: (_, splits) => tickTexts(splits, log),
    };
  }

  private axis(): uPlot.Axis {
    const stroke = () => token('--line-soft');
    return {
      stroke: () => token('--muted'),
      font: `12px ${token('--font')}`,
      gap: 6,
      grid: {stroke, width: 1},
      ticks: {stroke: () => token('--line'), width: 1, size: 4},
    };
  }

  /** uPlot draws no series of its own: it only needs something to scale. */
  private data(): unknown {
    const {xRange, yRange} = this.drawing;
    return [null, [[...xRange], [...yRange]]];
  }

  private draw(plot: uPlot): void {
    const frame = this.frameOf(plot);
    const {ctx} = plot;
    const ratio = uPlot.pxRatio;
    const {x, y} = scalesOf(frame);
    ctx.save();
    ctx.scale(ratio, ratio);
    ctx.beginPath();
    ctx.rect(frame.left, frame.top, frame.width + 1, frame.height);
    ctx.clip();
    for (const area of this.drawing.areas) drawArea(ctx, area, {x, y}, frame.x);
    for (const line of this.drawing.lines) drawLine(ctx, line, {x, y}, frame.x);
    ctx.restore();
    this.onFrame(frame);
  }

  private frameOf(plot: uPlot): Frame {
    const ratio = uPlot.pxRatio;
    const {left, top, width, height} = plot.bbox;
    const range = (key: string): Range => [plot.scales[key]?.min ?? 0, plot.scales[key]?.max ?? 1];
    return {
      left: left / ratio,
      top: top / ratio,
      width: width / ratio,
      height: height / ratio,
      x: range('x'),
      y: range('y'),
      log: this.drawing.log,
      zoomed: this.zoomed,
    };
  }
}

function drawLine(ctx: CanvasRenderingContext2D, line: Line, {x, y}: Scales, shown: Range): void {
  ctx.globalAlpha = line.alpha ?? 1;
  ctx.strokeStyle = line.color;
  ctx.lineWidth = line.width;
  ctx.lineJoin = 'round';
  ctx.setLineDash([...(line.dash ?? [])]);
  ctx.beginPath();
  trace(ctx, line, x, y, shown);
  ctx.stroke();
}

/** One piece for each stretch in which both ends are numbers. */
function drawArea(ctx: CanvasRenderingContext2D, area: Area, {x, y}: Scales, shown: Range): void {
  if (!(shown[0] < shown[1])) return;
  ctx.globalAlpha = area.alpha;
  ctx.fillStyle = area.color;
  ctx.beginPath();
  for (const [first, last] of stretches(area)) {
    const corner = (at: number, value: number | undefined, pen: 'moveTo' | 'lineTo') =>
      ctx[pen](x(area.x[at] ?? 0), y(value ?? 0));
    for (let i = first; i <= last; i++) corner(i, area.high[i], i === first ? 'moveTo' : 'lineTo');
    for (let i = last; i >= first; i--) corner(i, area.low[i], 'lineTo');
    ctx.closePath();
  }
  ctx.fill();
}

/** 1, 2, 5, 10, ... : steps are whole. */
function stepIncrements(): number[] {
  return Array.from({length: 15}, (_, power) =>
    [1, 2, 5].map((digit) => digit * 10 ** power),
  ).flat();
}

const DAY_S = 86_400;

/** Moments in the reader's time zone, as precise as their distance asks; the day where it changes. */
function clockTexts(splits: readonly number[]): string[] {
  const interval = (splits[1] ?? 0) - (splits[0] ?? 0);
  let lastDay = '';
  return splits.map((seconds) => {
    const moment = new Date(seconds * 1000);
    const day = moment.toLocaleDateString('en-GB', {day: 'numeric', month: 'short'});
    if (interval >= DAY_S) return day;
    const time = moment.toLocaleTimeString('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      ...(interval < 60 ? {second: '2-digit' as const} : {}),
      ...(interval < 1
        ? {fractionalSecondDigits: interval < 0.1 ? (3 as const) : (1 as const)}
        : {}),
    });
    const text = day === lastDay || interval < 60 ? time : `${day}, ${time}`;
    lastDay = day;
    return text;
  });
}

/** All ticks with as many decimals as the finest needs; on a log axis only 1, 2 and 5. */
function tickTexts(splits: readonly (number | null)[], log: boolean): string[] {
  if (log) {
    return splits.map((split) => {
      if (split === null || split <= 0) return '';
      const digit = Math.round(split / 10 ** Math.floor(Math.log10(split) + 1e-9));
      return digit === 1 || digit === 2 || digit === 5 ? formatNumber(split, 1) : '';
    });
  }
  const decimals = decimalsOf(Math.abs((splits[1] ?? 0) - (splits[0] ?? 0)));
  return splits.map((split) =>
    split === null ? '' : split.toFixed(decimals).replace('-', '\u2212'),
  );
}

/** How many decimals a tick interval such as 0.25 needs. */
function decimalsOf(interval: number): number {
  for (let decimals = 0; decimals < 8; decimals++) {
    const scaled = interval * 10 ** decimals;
    if (scaled > 0.5 && Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return interval > 0 ? 8 : 1;
}

function same(a: Range, b: Range): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
