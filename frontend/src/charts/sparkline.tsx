/** Small curves in table cells and small multiples. SVG: text stays text, tokens are followed. */

import {useId} from 'preact/hooks';
import type {VerdictState} from '../api/types.ts';
import {areaPath, linearScale, type Points, type Scale} from './path.ts';
import {svgPath} from './trace.ts';

const EDGE = 3; // pixels above and below, for strokes and rings

interface SparklineProps {
  readonly points: Points;
  readonly color: string;
  readonly width: number;
  readonly height: number;
  /** Shared by all sparklines of a column, so that short runs look short. */
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
}

/** One curve with a dot at its end. */
export function Sparkline({points, color, width, height, xRange, yRange}: SparklineProps) {
  const toX = linearScale(...xRange, 0, width - EDGE);
  const toY = linearScale(...yRange, height - EDGE, EDGE);
  const end = lastPoint(points);
  const clip = useId();
  return (
    <svg class="sparkline" width={width} height={height} aria-hidden="true">
      <clipPath id={clip}>
        <rect x="-3" width={width + 6} height={height} />
      </clipPath>
      <path class="base" d={`M0 ${height - 0.5}H${width}`} />
      <path
        clip-path={`url(#${clip})`}
        d={svgPath(points, toX, toY, xRange)}
        fill="none"
        stroke={color}
        stroke-width="1.6"
      />
      {end ? <circle cx={toX(end.x)} cy={toY(end.y)} r="2.2" fill={color} /> : null}
    </svg>
  );
}

interface TwinProps {
  readonly train: Points | null;
  readonly validation: Points | null;
  readonly best: {readonly step: number; readonly value: number} | null;
  readonly state: VerdictState | null;
  /** The part after this step is tinted: validation loss rose. */
  readonly since: number | null;
  readonly color: string;
  readonly width: number;
  readonly height: number;
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
  /** Values at which a grid line is drawn. */
  readonly grid?: readonly number[];
}

/** Train dashed, validation solid, what lies between them shaded, the best step a ring. */
export function TwinCurves(props: TwinProps) {
  const {train, validation, best, since, color, width, height, xRange, yRange} = props;
  const clip = useId();
  const toX = linearScale(...xRange, 0, width - EDGE);
  const toY = linearScale(...yRange, height - EDGE, EDGE);
  const end = validation ? (validation.x[validation.x.length - 1] ?? null) : null;
  const ring = best && best.value <= yRange[1] && best.value >= yRange[0] ? best : null;
  return (
    <svg class="sparkline" width={width} height={height} aria-hidden="true">
      <clipPath id={clip}>
        <rect x="-3" width={width + 6} height={height} />
      </clipPath>
      {(props.grid ?? []).map((value) => (
        <path key={value} class="grid" d={`M0 ${toY(value)}H${width}`} />
      ))}
      <path class="base" d={`M0 ${height - 0.5}H${width}`} />
      {since !== null && end !== null ? (
        <rect
          class="since"
          x={toX(since)}
          width={Math.max(0, toX(end) - toX(since))}
          height={height}
        />
      ) : null}
      <g clip-path={`url(#${clip})`} fill="none" stroke={color}>
        {train && validation ? (
          <path
            d={areaPath(validation, train, toX, toY)}
            fill={color}
            stroke="none"
            opacity="0.12"
          />
        ) : null}
        {train ? (
          <path d={svgPath(train, toX, toY, xRange)} stroke-width="1.2" stroke-dasharray="3 2" />
        ) : null}
        {validation ? (
          <Solid points={validation} toX={toX} toY={toY} xRange={xRange} color={color} />
        ) : null}
      </g>
      {ring ? (
        <circle class="ring" cx={toX(ring.step)} cy={toY(ring.value)} r="2.8" stroke={color} />
      ) : null}
    </svg>
  );
}

/** A solid curve; a dot where there is only one value. */
function Solid({
  points,
  toX,
  toY,
  xRange,
  color,
}: {
  readonly points: Points;
  readonly toX: Scale;
  readonly toY: Scale;
  readonly xRange: readonly [number, number];
  readonly color: string;
}) {
  const end = points.x.length === 1 ? lastPoint(points) : null;
  return end ? (
    <circle cx={toX(end.x)} cy={toY(end.y)} r="2" fill={color} stroke="none" />
  ) : (
    <path d={svgPath(points, toX, toY, xRange)} stroke-width="1.7" stroke-linejoin="round" />
  );
}

function lastPoint({x, y}: Points): {x: number; y: number} | null {
  for (let i = x.length - 1; i >= 0; i--) {
    const value = y[i];
    if (typeof value === 'number' && Number.isFinite(value)) return {x: x[i] ?? 0, y: value};
  }
  return null;
}
