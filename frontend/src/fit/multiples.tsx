/** All shown runs in small, on the same axes, the largest gap first. */

import {useMemo} from 'preact/hooks';
import {TwinCurves} from '../charts/sparkline.tsx';
import {Card} from '../elements/card.tsx';
import {CutName} from '../elements/cut_name.tsx';
import {formatLike, formatSigned, plural, visibleName} from '../elements/format.ts';
import {Glyph} from '../elements/glyph.tsx';
import {RunDot} from '../elements/run_dot.tsx';
import {curveColor} from '../state/colors.ts';
import {useWidth} from '../state/size.ts';
import {xAxis} from '../state/view.ts';
import {byGap, type Fit, glyphOf, quantityOf, smoothed, xOfStep} from './curves.ts';
import {
  gridPowers,
  gridValues,
  logPointsOf,
  pointsOf,
  sharedAxes,
  type TileAxes,
  xRangeOf,
} from './ranges.ts';

interface MultiplesProps {
  readonly fits: readonly Fit[];
  readonly chosen: Fit;
  readonly log: boolean;
  onChoose(fit: Fit): void;
}

const TILE_LEAST = 184;
const TILE_PADDING = 18;
const HEIGHT = 93;
const SMOOTHING = 0.3; // little: at this size only the finest noise goes

export function Multiples({fits, chosen, log, onChoose}: MultiplesProps) {
  const [box, width] = useWidth<HTMLDivElement>(960);
  const axis = xAxis.value;
  const axes = useMemo(() => {
    // Steps and training sizes have no axis in common.
    const mixed = axis === 'step' && new Set(fits.map(({info}) => info.over)).size > 1;
    const shared = sharedAxes(fits, axis !== 'wall', log);
    return shared && mixed ? {...shared, x: null} : shared;
  }, [fits, axis, log]);
  const sorted = useMemo(() => [...fits].sort(byGap), [fits]);
  const columns = Math.max(1, Math.floor(width / TILE_LEAST));
  const grid = useMemo(
    () => (axes ? (log ? gridPowers(axes.y) : gridValues(axes.y)) : []),
    [axes, log],
  );
  const name = quantityOf(chosen.info);
  return (
    <Card
      class="multiples"
      title={fits.length === 1 ? '1 curve' : `All ${plural(fits.length, 'curve')}`}
      subtitle={`largest gap first; same ${axes?.x ? 'axes' : 'vertical axis, each its own length'}${gridText(log ? grid.map((power) => 10 ** power) : grid, name)}`}
      actions={<span>number = validation − train {name} at the end</span>}
    >
      <div class="tiles" ref={box} style={{'--columns': columns}}>
        {sorted.map((fit) => (
          <Tile
            key={fit.key}
            fit={fit}
            axes={axes}
            grid={grid}
            log={log}
            width={Math.floor(width / columns) - TILE_PADDING}
            on={fit.key === chosen.key}
            onChoose={() => onChoose(fit)}
          />
        ))}
      </div>
    </Card>
  );
}

function gridText(grid: readonly number[], name: string): string {
  if (grid.length === 0) return '';
  const values = grid.map((value) => String(Number(value.toPrecision(6))));
  const last = values.pop();
  return `, grid lines at ${name} ${values.length ? `${values.join(', ')} and ` : ''}${last}`;
}

interface TileProps {
  readonly fit: Fit;
  readonly axes: TileAxes | null;
  readonly grid: readonly number[];
  readonly log: boolean;
  readonly width: number;
  readonly on: boolean;
  onChoose(): void;
}

function Tile({fit, axes, grid, log, width, on, onChoose}: TileProps) {
  const {info} = fit;
  const {verdict, end} = info;
  const color = curveColor(info.run);
  const curves = useMemo(
    () => axes && drawCurves({fit, axes, grid, log, width, color}),
    [fit, axes, grid, log, width, color],
  );
  return (
    <button type="button" class={`tile ${on ? 'on' : ''}`} aria-pressed={on} onClick={onChoose}>
      <span class="tile-head">
        <RunDot run={info.run} size={8} />
        <span class="tile-name" title={visibleName(info.run)}>
          <CutName name={info.run} />
          {info.head ? <span class="muted cut">{visibleName(info.head)}</span> : null}
        </span>
        <span class="tile-gap">
          {formatSigned(end.gap, (gap) => formatLike(gap, end.validation))}
        </span>
      </span>
      <span class={`tile-verdict tile-${verdict.tier}`}>
        <Glyph state={glyphOf(verdict)} size={14} />
        <span class="cut">{verdict.label}</span>
      </span>
      {curves}
    </button>
  );
}

/** The drawing itself, made anew only when what it shows changes: there may be hundreds. */
function drawCurves({
  fit,
  axes,
  grid,
  log,
  width,
  color,
}: Pick<TileProps, 'fit' | 'grid' | 'log' | 'width'> & {
  readonly axes: TileAxes;
  readonly color: string;
}) {
  const {best, verdict} = fit.info;
  const x = best && xOfStep(fit, best.step);
  const level = log ? logPointsOf : pointsOf;
  const train = smoothed(fit.train, SMOOTHING);
  const validation = smoothed(fit.validation, SMOOTHING);
  return (
    <TwinCurves
      train={train && level(train)}
      validation={validation && level(validation)}
      best={best && x !== null ? {step: x, value: log ? Math.log10(best.value) : best.value} : null}
      state={verdict.state}
      since={verdict.since_step === null ? null : xOfStep(fit, verdict.since_step)}
      color={color}
      width={width}
      height={HEIGHT}
      xRange={axes.x ?? xRangeOf(fit)}
      yRange={axes.y}
      grid={grid}
    />
  );
}
