/** The learning curves of one run, or of all that are shown. */

import {useMemo} from 'preact/hooks';
import {LineChart} from '../charts/line_chart.tsx';
import type {Frame, Scales} from '../charts/plot.ts';
import {visibleName} from '../elements/format.ts';
import {curveColor} from '../state/colors.ts';
import {dark} from '../state/theme.ts';
import type {XAxis} from '../state/view.ts';
import {Annotations} from './annotations.tsx';
import {axisOf, type Fit, quantityOf, valueAt} from './curves.ts';
import {drawingOf, smoothedSides} from './drawing.ts';
import {axesOf, sidesOf} from './ranges.ts';
import {readAll, readOne} from './readout.tsx';
import {RunLabels} from './run_labels.tsx';

interface BigChartProps {
  /** The chosen one. */
  readonly fit: Fit;
  /** All that are drawn, the chosen one among them. */
  readonly drawn: readonly Fit[];
  readonly axis: XAxis;
  readonly log: boolean;
  readonly smoothing: number;
  readonly height: number;
  /** Pixels for the names at the right. */
  readonly labelWidth: number;
}

const AXIS_TITLES: Record<XAxis, string> = {step: 'step', relative: 'time', wall: 'clock'};

export function BigChart({fit, drawn, axis, log, smoothing, height, labelWidth}: BigChartProps) {
  const one = drawn.length === 1;
  const axes = useMemo(() => axesOf(drawn, log), [drawn, log]);
  const eye = useMemo(() => smoothedSides(drawn, smoothing), [drawn, smoothing]);
  const isDark = dark.value;
  const {lines, areas} = useMemo(
    () => drawingOf(drawn, fit, eye, smoothing > 0),
    [drawn, fit, eye, smoothing, isDark],
  );
  const stops = useMemo(() => stopsOf(fit), [fit]);
  if (!axes) {
    return (
      <p class="chart-none" style={{height}}>
        {log
          ? 'No value is above 0, so a logarithmic axis shows none of them.'
          : 'No value is a finite number.'}
      </p>
    );
  }
  const {train = null, validation = null} = eye.get(fit.key) ?? {};
  const color = curveColor(fit.info.run);
  return (
    <LineChart
      label={`${visibleName(fit.info.name)} of ${visibleName(fit.info.run)}, train and validation`}
      height={height}
      lines={lines}
      areas={areas}
      xAxis={axis}
      log={log}
      xRange={axes.x}
      yRange={axes.y}
      margin={{top: 38, right: labelWidth}}
      stops={stops}
      annotations={(scales, frame) => (
        <>
          <AxisTitles
            frame={frame}
            x={axis === 'step' ? axisOf(fit.info) : AXIS_TITLES[axis]}
            y={quantityOf(fit.info)}
          />
          {one ? (
            <Annotations {...{fit, train, validation, color, scales, frame}} />
          ) : (
            <RunLabels fits={drawn} chosen={fit} {...{eye, scales, frame}} />
          )}
        </>
      )}
      marks={(x, scales, frame) => <Marks fits={one ? [fit] : []} {...{x, scales, frame}} />}
      readout={(x, y) => (one ? readOne(fit, x) : readAll(drawn, fit, eye, axis, x, y))}
    />
  );
}

function stopsOf({train, validation}: Fit): number[] {
  const all = new Set([...(validation?.x ?? []), ...(train && !validation ? train.x : [])]);
  return [...all].sort((a, b) => a - b);
}

function AxisTitles({
  frame,
  x,
  y,
}: {
  readonly frame: Frame;
  readonly x: string;
  readonly y: string;
}) {
  return (
    <>
      <text x={frame.left - 42} y={frame.top - 24}>
        {y}
      </text>
      <text x={frame.left + frame.width + 26} y={frame.top + frame.height + 19}>
        {x}
      </text>
    </>
  );
}

/** Dots on the raw values at the cursor. */
function Marks({
  fits,
  x,
  scales,
  frame,
}: {
  readonly fits: readonly Fit[];
  readonly x: number;
  readonly scales: Scales;
  readonly frame: Frame;
}) {
  return (
    <>
      {fits.flatMap((fit) =>
        sidesOf(fit).flatMap((side) => {
          const y = scales.y(valueAt(side, x));
          const inside = y >= frame.top && y <= frame.top + frame.height;
          return inside
            ? [
                <circle
                  key={side === fit.train ? 'train' : 'validation'}
                  class="fit-mark"
                  cx={scales.x(x)}
                  cy={y}
                  r="3.5"
                  fill={curveColor(fit.info.run)}
                />,
              ]
            : [];
        }),
      )}
    </>
  );
}
