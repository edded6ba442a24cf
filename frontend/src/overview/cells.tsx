/** The cells of one row. */

import type {ComponentChildren} from 'preact';
import type {FitInfo, OverviewRow, Reasons} from '../api/types.ts';
import {Sparkline, TwinCurves} from '../charts/sparkline.tsx';
import {Age} from '../elements/age.tsx';
import {Chip} from '../elements/chip.tsx';
import {CutName} from '../elements/cut_name.tsx';
import {EstimateText, intervalText, NotLogged, TwoLines, Undefined} from '../elements/estimate.tsx';
import {
  formatCount,
  formatInteger,
  formatLike,
  formatNumber,
  formatPercent,
  formatScore,
  formatSigned,
  visibleName,
} from '../elements/format.ts';
import {Icon} from '../elements/glyph.tsx';
import {RunName} from '../elements/run_dot.tsx';
import {curveColor} from '../state/colors.ts';
import {allRuns, firstFit, fitOf} from '../state/runs.ts';
import {openPage, type Page} from '../state/view.ts';
import {lossRange, points, type SharedScales, stepRange} from './scales.ts';

export interface CellProps {
  readonly row: OverviewRow;
  readonly reasons: Reasons;
  readonly scales: SharedScales;
  /** Pixels for the curves. */
  readonly curveWidth: number;
  readonly f1Width: number;
}

/** What a click on a value opens, as a button that reads as plain text. */
function Opens({
  page,
  row,
  what,
  children,
}: {
  readonly page: Page;
  readonly row: OverviewRow;
  readonly what: string;
  readonly children: ComponentChildren;
}) {
  return (
    <button
      type="button"
      class="opens"
      title={`Open ${page === 'fit' ? 'Fit' : 'Classes'}: ${what} of ${visibleName(row.run)}`}
      onClick={() => openPage(page, {run: row.run, series: row.name, curve: curveOf(row)})}
    >
      {children}
    </button>
  );
}

/** The curve that a row is judged by; of a row without one the first of its run. */
function curveOf({run, head, verdict}: OverviewRow): FitInfo | undefined {
  if (verdict) {
    return fitOf(run, (fit) => fit.head === head && fit.quantity === verdict.quantity);
  }
  const info = allRuns.value.find((one) => one.run === run);
  return info && firstFit(info);
}

export function RunCell({row}: CellProps) {
  if (!row.first_of_run) return <span class="same-run">same run</span>;
  const page = row.name === '' ? 'fit' : 'classes';
  return (
    <Opens page={page} row={row} what="all">
      <RunName run={row.run} />
    </Opens>
  );
}

export function SplitCell({row}: CellProps) {
  const again = row.generation > 1 ? ` @${row.generation}` : '';
  const name = `${visibleName(row.split)}${again}`;
  const examples = row.examples === null ? '' : formatCount(row.examples);
  const unit = row.weighted ? 'the sum of their weights' : 'examples seen';
  const hint = [
    row.head ? `head ${visibleName(row.head)}` : '',
    row.generation > 1 ? `after its classes changed, ${row.generation - 1} x` : '',
    examples && `${examples}: ${unit} at the last step`,
  ];
  const context = [visibleOrNone(row.head), examples].filter((part) => part !== '').join(' · ');
  return (
    <span title={[name, ...hint].filter((part) => part !== '').join(', ')}>
      <TwoLines value={name} context={context ? <span class="cut">{context}</span> : undefined} />
    </span>
  );
}

function visibleOrNone(name: string): string {
  return name && visibleName(name);
}

export function VerdictCell({row}: CellProps) {
  const {verdict} = row;
  if (!verdict) {
    const unlogged = row.first_of_run && !row.loss;
    const said = <NotLogged what={unlogged ? 'no losses logged' : 'judged on validation'} />;
    if (!unlogged || !curveOf(row)) return said;
    return (
      <Opens page="fit" row={row} what="other curves">
        {said}
      </Opens>
    );
  }
  return (
    <Opens page="fit" row={row} what="why">
      <Chip
        tier={verdict.tier}
        state={verdict.state === 'rose' && hasNan(row) ? 'nan_loss' : verdict.state}
      >
        {verdict.label}
      </Chip>
    </Opens>
  );
}

export function F1Cell({row, reasons, scales, f1Width}: CellProps) {
  if (row.examples === 0) return <NoExamples />;
  if (!row.f1_macro) return <NotLogged what={reasons.f1_macro ?? 'not logged'} />;
  const curve = row.curves.f1_macro;
  return (
    <Opens page="classes" row={row} what="classes">
      <span class="beside">
        <EstimateText
          estimate={row.f1_macro}
          reason={reasons.f1_macro ?? 'no class has a defined F1'}
        />
        {curve ? (
          <Sparkline
            points={points(curve)}
            color={curveColor(row.run)}
            width={f1Width}
            height={30}
            xRange={stepRange(row, scales)}
            yRange={scales.f1}
          />
        ) : null}
      </span>
    </Opens>
  );
}

/** The evaluation was empty: nothing is wrong with its logging. */
function NoExamples() {
  return <NotLogged what="no examples" />;
}

const EXACT_MATCH = 'Exact match: the share of examples of which every label is right';

/** Of a multi-label task it is the exact match ratio, and is called so. */
export function AccuracyCell({row, reasons}: CellProps) {
  const {accuracy, top_k: top} = row;
  if (row.examples === 0) return <NoExamples />;
  const reason = reasons.accuracy ?? 'no examples';
  const topText = top ? `top-${top.k} accuracy ${formatScore(top.accuracy)}` : '';
  if (row.task !== 'multilabel') {
    return (
      <span title={topText || undefined}>
        <EstimateText estimate={accuracy} reason={reason} />
        {top ? (
          <span class="top-k">
            top-{top.k} {formatScore(top.accuracy)}
          </span>
        ) : null}
      </span>
    );
  }
  if (accuracy === null) return <NotLogged />;
  const interval = intervalText(accuracy);
  return (
    <span title={`${EXACT_MATCH}${interval && `; 95 %: ${interval}`}`}>
      {accuracy.value === null ? (
        <Undefined reason={reason} />
      ) : (
        <TwoLines value={formatScore(accuracy.value)} context="exact match" />
      )}
    </span>
  );
}

export function WorstClassCell({row, reasons}: CellProps) {
  const worst = row.worst_class;
  if (row.examples === 0) return <NoExamples />;
  if (!worst) return <NotLogged what={reasons.worst_class ?? 'not logged'} />;
  const name = visibleName(worst.name);
  const context =
    worst.read_as === null
      ? undefined
      : `${formatPercent(worst.read_as_share)} read as ${visibleName(worst.read_as)}`;
  return (
    <Opens page="classes" row={row} what={`class ${name}${context ? `, ${context}` : ''}`}>
      <TwoLines
        value={
          <span class="worst">
            <CutName name={worst.name} />
            {worst.f1 === null ? (
              <Undefined reason={reasons.f1 ?? 'neither true nor predicted'} />
            ) : (
              <span class="score">{formatScore(worst.f1)}</span>
            )}
          </span>
        }
        context={
          worst.read_as === null ? undefined : (
            <span class="read-as">
              <span>
                {formatPercent(worst.read_as_share)}
                <span class="read"> read</span> as{' '}
              </span>
              <CutName name={worst.read_as} />
            </span>
          )
        }
      />
    </Opens>
  );
}

export function LossCell({row, scales, curveWidth}: CellProps) {
  const {loss, curves, verdict} = row;
  if (!loss) {
    return <NotLogged what={row.first_of_run ? 'not logged' : 'on the validation row'} />;
  }
  const range = lossRange(row);
  const quantity = verdict ? visibleName(verdict.quantity) : 'loss';
  return (
    <Opens page="fit" row={row} what={`learning curves, ${quantity}`}>
      <span class="beside">
        {range ? (
          <TwinCurves
            train={curves.train ? points(curves.train) : null}
            validation={curves.validation ? points(curves.validation) : null}
            best={row.best}
            state={verdict?.state ?? null}
            since={verdict?.since_step ?? null}
            color={curveColor(row.run)}
            width={curveWidth}
            height={42}
            xRange={stepRange(row, scales)}
            yRange={range}
          />
        ) : null}
        <span class="two-lines loss">
          <span class="value">{lossText(loss.validation, row)}</span>
          <span class="context">{lossText(loss.train, row)}</span>
          {quantity === 'loss' ? null : <span class="context quantity">{quantity}</span>}
        </span>
      </span>
    </Opens>
  );
}

/** JSON has no NaN: a loss that is no number arrives as null, and an alert says so. */
function lossText(value: number | null, {alerts}: Pick<OverviewRow, 'alerts'>): ComponentChildren {
  if (value !== null) return formatNumber(value);
  return hasNan({alerts}) ? (
    <span class="not-a-number">NaN</span>
  ) : (
    <Undefined reason="not logged" />
  );
}

function hasNan({alerts}: Pick<OverviewRow, 'alerts'>): boolean {
  return alerts.some(({kind}) => kind === 'nan_loss');
}

export function GapCell({row, reasons}: CellProps) {
  if (row.gap === null) {
    return row.loss ? (
      <Undefined reason={reasons.gap ?? 'train or validation value not logged'} />
    ) : null;
  }
  const like = (gap: number) => formatLike(gap, row.loss?.validation ?? null);
  const was =
    row.gap_at_best !== null && row.verdict?.state === 'rose'
      ? `was ${formatSigned(row.gap_at_best, like)}`
      : undefined;
  return (
    <span title={was ? `${was} at the best step` : undefined}>
      <TwoLines value={formatSigned(row.gap, like)} context={was} />
    </span>
  );
}

export function BestCell({row}: CellProps) {
  if (!row.best) return null;
  return (
    <span title="The step with the best validation value, and that value">
      <TwoLines value={formatInteger(row.best.step)} context={formatNumber(row.best.value)} />
    </span>
  );
}

export function LastStepCell({row}: CellProps) {
  if (row.last_step === null) return <NotLogged />;
  return (
    <TwoLines
      value={formatInteger(row.last_step)}
      context={row.last_wall_time === null ? undefined : <Age wallTime={row.last_wall_time} />}
    />
  );
}

export function AlertsCell({row}: CellProps) {
  return (
    <>
      {row.alerts.map(({kind, text}) => (
        <span key={kind} class="alert" title={text}>
          <Icon name="alert" />
          <span>{visibleName(text)}</span>
        </span>
      ))}
    </>
  );
}
