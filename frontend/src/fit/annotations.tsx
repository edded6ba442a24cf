/** What is written over the big chart: best step, rise, gap, the curves' names at their ends. */

import {spread} from '../charts/labels.ts';
import {isNumber} from '../charts/path.ts';
import type {Frame, Scales} from '../charts/plot.ts';
import {formatLike, formatNumber} from '../elements/format.ts';
import {
  type Fit,
  hasNoNumber,
  placeOf,
  quantityOf,
  riseText,
  type Side,
  valueAt,
  xOfStep,
} from './curves.ts';

interface AnnotationsProps {
  readonly fit: Fit;
  /** The curves as drawn, smoothed. */
  readonly train: Side | null;
  readonly validation: Side | null;
  readonly color: string;
  readonly scales: Scales;
  readonly frame: Frame;
}

export function Annotations(props: AnnotationsProps) {
  return (
    <>
      <Since {...props} />
      <RiseBracket {...props} />
      <GapBracket {...props} />
      <BestStep {...props} />
      <StartNote {...props} />
      <EndLabels {...props} />
    </>
  );
}

/** The part after the best step, where the rule says that validation rose. */
function Since({fit, scales, frame}: AnnotationsProps) {
  const {since_step: step, label} = fit.info.verdict;
  const x = step === null ? null : xOfStep(fit, step);
  if (step === null || x === null || x >= frame.x[1]) return null;
  const left = Math.max(frame.left, scales.x(x));
  const right = frame.left + frame.width;
  const wide = right - left > 150;
  return (
    <>
      <rect class="fit-since" x={left} y={frame.top} width={right - left} height={frame.height} />
      <path class="fit-since-edge" d={`M${left} ${frame.top - 0.5}H${right}`} />
      <text
        class="fit-since-label"
        x={wide ? left + 2 : right}
        y={frame.top - 9}
        text-anchor={wide ? 'start' : 'end'}
      >
        {label}
        {hasNoNumber(fit.info.verdict) ? null : (
          <tspan class="light"> after {placeOf(fit.info, step)}</tspan>
        )}
      </text>
    </>
  );
}

/** From the best value to the mean of the last few, at the right edge. */
function RiseBracket({fit, scales, frame}: AnnotationsProps) {
  const {best, verdict} = fit.info;
  const x = best && xOfStep(fit, best.step);
  if (!best || x === null || verdict.state !== 'rose' || verdict.recent_mean === null) return null;
  const right = frame.left + frame.width;
  const [from, to] = [scales.y(best.value), scales.y(verdict.recent_mean)];
  const inside = [from, to].every((y) => y >= frame.top && y <= frame.top + frame.height);
  if (!inside || frame.zoomed) return null;
  return (
    <>
      <path class="fit-guide" d={`M${scales.x(x) + 7} ${from}H${right + 4}`} />
      {Math.abs(to - from) > 5 ? (
        <path class="fit-rise" d={`M${right + 5} ${to}h4V${from}h-4`} />
      ) : null}
    </>
  );
}

const PLACES = [0.9, 0.8, 0.68, 0.56, 0.44, 0.32, 0.2];
const GAP_ROOM = 44; // pixels that the bracket and its two lines of words need
const WORDS_WIDTH = 150;

/** The gap as a bracket between the curves, where there is room for it. */
function GapBracket({fit, train, validation, scales, frame}: AnnotationsProps) {
  const {end, gap_at_best: before, best, verdict} = fit.info;
  if (!train || !validation || end.gap === null || frame.zoomed) return null;
  const bestX = best ? xOfStep(fit, best.step) : null;
  const place = PLACES.map((share) => {
    const at = frame.x[0] + share * (frame.x[1] - frame.x[0]);
    const ys = [valueAt(validation, at), valueAt(train, at)].map((value) => scales.y(value));
    return {x: scales.x(at), top: Math.min(...ys) + 4, bottom: Math.max(...ys) - 4};
  }).find(({x, top, bottom}) => {
    const away = bestX === null || x - scales.x(bestX) > 24 || scales.x(bestX) - x > WORDS_WIDTH;
    return away && bottom - top > GAP_ROOM && top > frame.top && x - frame.left > WORDS_WIDTH;
  });
  if (!place) return null;
  const {x, top, bottom} = place;
  const middle = clearOf((top + bottom) / 2, best ? scales.y(best.value) : null, top, bottom);
  return (
    <>
      <path class="fit-gap" d={`M${x - 4} ${top}h8M${x} ${top}V${bottom}M${x - 4} ${bottom}h8`} />
      <text
        class="halo strong"
        x={x - 9}
        y={before === null ? middle + 4 : middle - 2}
        text-anchor="end"
      >
        gap {formatLike(end.gap, end.validation)} at the end
      </text>
      {before !== null && best && verdict.state === 'rose' ? (
        <text class="halo" x={x - 9} y={middle + 13} text-anchor="end">
          was {formatLike(before, end.validation)} at {placeOf(fit.info, best.step)}
        </text>
      ) : null}
    </>
  );
}

/** A height for words that the guide at the best value does not run through. */
function clearOf(middle: number, guide: number | null, top: number, bottom: number): number {
  const room = 24;
  if (guide === null || Math.abs(middle - guide) > room) return middle;
  const above = guide - top > bottom - guide;
  return above ? guide - room : guide + room;
}

/** A ring at the raw best value, a line down to the axis, and its step. */
function BestStep({fit, color, scales, frame}: AnnotationsProps) {
  const {best} = fit.info;
  const x = best && xOfStep(fit, best.step);
  if (!best || x === null || x < frame.x[0] || x > frame.x[1]) return null;
  const [px, py] = [scales.x(x), scales.y(best.value)];
  const bottom = frame.top + frame.height;
  if (!(py >= frame.top - 1 && py <= bottom + 1)) return null;
  const leftward = px - frame.left > 130;
  const anchor = leftward ? 'end' : 'start';
  const textX = leftward ? px - 9 : px + 9;
  return (
    <>
      <path class="fit-best-line" d={`M${px} ${Math.min(bottom, py + 7)}V${bottom}`} />
      <circle class="fit-ring" cx={px} cy={py} r="5" stroke={color} />
      <text class="halo strong" x={textX} y={bottom - 25} text-anchor={anchor}>
        best {placeOf(fit.info, best.step)}
      </text>
      <text class="halo" x={textX} y={bottom - 10} text-anchor={anchor}>
        {quantityOf(fit.info)} {formatNumber(best.value)}
      </text>
    </>
  );
}

const TITLE_LETTER = 7; // pixels; the axis' title stands before this note
const TITLE_ROOM = 44;

/** Where the curves begin, if that lies outside the frame. */
function StartNote({fit, train, validation, frame}: AnnotationsProps) {
  if (frame.zoomed) return null;
  const starts = [
    ['train', fit.train],
    ['validation', fit.validation],
  ] as const;
  const beyond = starts.flatMap(([name, side]) => {
    const first = side?.value.find(Number.isFinite);
    const outside = first !== undefined && (first > frame.y[1] || first < frame.y[0]);
    return outside ? [`${formatNumber(first)} (${name})`] : [];
  });
  if (beyond.length === 0) return null;
  const beside = Math.max(0, quantityOf(fit.info).length * TITLE_LETTER - TITLE_ROOM);
  const up = [train, validation].some((side) => (side?.value[0] ?? 0) > frame.y[1]);
  return (
    <text x={frame.left + 12 + beside} y={frame.top - 24}>
      {up ? '↑' : '↓'} starts at {beyond.join(', ')}
    </text>
  );
}

const LABEL_HEIGHT = 34;

/** The names and end values at the right, moved apart where they would overlap. */
function EndLabels({fit, train, validation, color, scales, frame}: AnnotationsProps) {
  const {end, verdict} = fit.info;
  const rise =
    verdict.state === 'rose' && verdict.rise !== null && !frame.zoomed ? verdict.rise : null;
  const ends = [
    {name: 'validation', side: validation, raw: fit.validation, value: end.validation, rise},
    {name: 'train', side: train, raw: fit.train, value: end.train, rise: null},
  ].flatMap(({side, ...label}) => {
    const last = side && lastFinite(side);
    if (!last || last.x > frame.x[1] * (1 + 1e-9)) return [];
    return [
      {
        ...label,
        x: last.x,
        y: scales.y(last.value),
        height: label.rise === null ? LABEL_HEIGHT : LABEL_HEIGHT + 16,
      },
    ];
  });
  const inside = ends.filter(({y}) => y >= frame.top - 1 && y <= frame.top + frame.height + 1);
  const tops = spread(
    inside.map(({y, height}) => ({wanted: y - 14, height})),
    frame.top - 8,
    frame.top + frame.height + 4,
  );
  const x = frame.left + frame.width + 14;
  return (
    <>
      {inside.map((label, i) => (
        <g key={label.name}>
          <circle cx={scales.x(label.x)} cy={label.y} r="3" fill={color} />
          <text class="strong end-label" x={x} y={(tops[i] ?? 0) + 11}>
            {label.name}
          </text>
          <text class="strong end-label" x={x} y={(tops[i] ?? 0) + 27}>
            {endText(label.value, label.raw)}
          </text>
          {label.rise !== null ? (
            <text class="fit-rise-label" x={x} y={(tops[i] ?? 0) + 43}>
              {riseText(label.rise, fit.info.higher_is_better)}
              {frame.width > 400 ? (fit.info.higher_is_better ? ' below best' : ' over best') : ''}
            </text>
          ) : null}
        </g>
      ))}
    </>
  );
}

export function lastFinite({x, value}: Side): {x: number; value: number} | null {
  for (let i = value.length - 1; i >= 0; i--) {
    const one = value[i];
    if (isNumber(one)) return {x: x[i] ?? 0, value: one};
  }
  return null;
}

/** The server's end value; JSON has no NaN, so a curve that ends in one is told by its last point. */
function endText(value: number | null, raw: Side | null): string {
  return value === null && raw && Number.isNaN(raw.value.at(-1)) ? 'NaN' : formatNumber(value);
}
