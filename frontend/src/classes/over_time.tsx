/** The chosen score over the steps: of one run's classes, or of one quantity over the runs. */
import './curves.css';
import {useMemo} from 'preact/hooks';
import {
  type Average,
  type Frame,
  getSeries,
  type Metric,
  type SeriesArrays,
  type SeriesCurve,
  type SeriesHeader,
  type SeriesQuery,
  useAnswer,
} from '../api/index.ts';
import {
  Card,
  CutNote,
  EmptyState,
  ErrorNote,
  formatInteger,
  Segmented,
  Select,
  Skeleton,
  visibleName,
} from '../elements/index.ts';
import {curveColor} from '../state/colors.ts';
import {shownKey} from '../state/runs.ts';
import {dark} from '../state/theme.ts';
import {xAxis} from '../state/view.ts';
import {classColor} from './class_colors.ts';
import {type Line, LineChart} from './line_chart.tsx';
import {type Curves, curvesOf, metric, quantity} from './state.ts';
import {xValues} from './x_axis.ts';

interface OverTimeProps {
  readonly run: string;
  readonly name: string;
  /** Whether accuracy is the share of examples of which every label is right. */
  readonly multilabel: boolean;
  /** Runs that have this series, the shown one among them. */
  readonly runs: readonly string[];
  /** Classes whose curves are drawn, and the names of all classes. */
  readonly drawn: readonly number[];
  readonly names: (index: number) => string;
  readonly shown: Moment;
  readonly compared: Moment | null;
  onPick(step: number): void;
}

/** A step of the shown run with its place on each axis. */
export interface Moment {
  readonly step: number;
  readonly wallTime: number;
  readonly sinceStart: number;
}

/** More curves than this in one chart can be neither told apart nor named. */
const MOST_RUNS = 12;

const METRICS: readonly {readonly value: Metric; readonly label: string}[] = [
  {value: 'precision', label: 'precision'},
  {value: 'recall', label: 'recall'},
  {value: 'f1', label: 'F1'},
  {value: 'accuracy', label: 'accuracy'},
];

const LABEL_METRICS = METRICS.map((item) =>
  item.value === 'accuracy' ? {...item, label: 'exact match'} : item,
);

export function OverTime(props: OverTimeProps) {
  const {run, name, multilabel, runs, drawn, names} = props;
  const byRuns = runs.length > 1 && curvesOf.value === 'runs';
  const wanted = byRuns ? firstRuns(runs, run) : [run];
  const query = queryOf(name, metric.value, byRuns, quantity.value, drawn);
  const answer = useAnswer(JSON.stringify([shownKey.value, wanted, query]), (signal) =>
    getSeries(wanted, query, signal),
  );
  const kind = xAxis.value;
  const isDark = dark.value;
  const lines = useMemo(
    () => (answer.value ? linesOf(answer.value, byRuns, drawn, names, kind) : []),
    [answer.value, byRuns, drawn, names, kind, isDark],
  );
  return (
    <Card
      class="time-card"
      title="Over time"
      subtitle={
        <Segmented<Metric>
          label="Score"
          options={multilabel ? LABEL_METRICS : METRICS}
          value={metric.value}
          onChange={(value) => {
            metric.value = value;
          }}
        />
      }
      actions={
        <Actions
          {...props}
          byRuns={byRuns}
          wanted={wanted}
          banded={lines.length === 0 || lines.some(({low}) => low.some(Number.isFinite))}
        />
      }
    >
      {answer.error ? <ErrorNote error={answer.error} onRetry={answer.retry} /> : null}
      {lines.length > 0 ? (
        <Chart {...props} lines={lines} byRuns={byRuns} />
      ) : answer.loading ? (
        <Skeleton lines={4} />
      ) : answer.error ? null : (
        <EmptyState title={`No ${titleOf(metric.value)} was kept`}>
          <p>Log averages or class counts at more than one step to see curves.</p>
        </EmptyState>
      )}
      <CutNote cut={answer.value?.header.cut ?? null} />
    </Card>
  );
}

function titleOf(value: Metric): string {
  return METRICS.find((item) => item.value === value)?.label ?? value;
}

function firstRuns(runs: readonly string[], run: string): string[] {
  return [run, ...runs.filter((other) => other !== run)].slice(0, MOST_RUNS);
}

function queryOf(
  name: string,
  score: Metric,
  byRuns: boolean,
  of: string,
  drawn: readonly number[],
): SeriesQuery {
  if (score === 'accuracy') return {name, metric: score};
  if (!byRuns) return {name, metric: score, averages: ['macro'], classes: drawn};
  const index = classOf(of, drawn);
  if (index !== null) return {name, metric: score, classes: [index]};
  return {name, metric: score, averages: [averageOf(of)]};
}

function classOf(of: string, drawn: readonly number[]): number | null {
  const index = /^\d+$/.test(of) ? Number(of) : null;
  return index !== null && drawn.includes(index) ? index : null;
}

function averageOf(of: string): Average {
  return of === 'micro' || of === 'weighted' ? of : 'macro';
}

function Actions({
  runs,
  drawn,
  names,
  byRuns,
  wanted,
  banded,
}: OverTimeProps & {
  readonly byRuns: boolean;
  readonly wanted: readonly string[];
  readonly banded: boolean;
}) {
  const accuracy = metric.value === 'accuracy';
  const index = classOf(quantity.value, drawn);
  return (
    <>
      {byRuns && !accuracy ? (
        <Select
          label="What is drawn of each run"
          options={[
            ...(['macro', 'micro', 'weighted'] as const).map((value) => ({
              value: value as string,
              label: value,
            })),
            ...drawn.map((item) => ({value: String(item), label: names(item)})),
          ]}
          value={index === null ? averageOf(quantity.value) : String(index)}
          onChange={(value) => {
            quantity.value = value;
          }}
        />
      ) : null}
      {runs.length > 1 ? (
        <Segmented<Curves>
          label="What is drawn"
          options={[
            {value: 'classes', label: 'classes', title: 'Classes of the shown run'},
            {value: 'runs', label: 'runs', title: 'The same score of several runs'},
          ]}
          value={curvesOf.value}
          onChange={(value) => {
            curvesOf.value = value;
          }}
        />
      ) : null}
      <span>
        {banded ? '95 % bands' : 'no bands: examples were not counted'}
        {byRuns && runs.length > wanted.length
          ? ` \u00b7 ${wanted.length} of ${formatInteger(runs.length)} runs: filter them above`
          : ''}
      </span>
    </>
  );
}

function linesOf(
  {header, arrays}: Frame<SeriesHeader, SeriesArrays>,
  byRuns: boolean,
  drawn: readonly number[],
  names: (index: number) => string,
  kind: typeof xAxis.value,
): Line[] {
  return (
    header.curves
      .filter(({length}) => length > 0)
      // An average is drawn over its classes: it is the calmest and would vanish below them.
      .toSorted((a, b) => Number(b.class !== null) - Number(a.class !== null))
      .map((curve) => {
        const part = <A extends Float64Array | Float32Array>(array: A) =>
          array.subarray(curve.start, curve.start + curve.length) as A;
        const step = part(arrays.step);
        return {
          ...look(curve, byRuns, drawn, names),
          dashed: !byRuns && curve.class === null,
          step,
          x: xValues(kind, step, part(arrays.wall_time)),
          value: part(arrays.value),
          low: part(arrays.low),
          high: part(arrays.high),
        };
      })
  );
}

function look(
  curve: SeriesCurve,
  byRuns: boolean,
  drawn: readonly number[],
  names: (index: number) => string,
): {key: string; label: string; color: string} {
  const {run, average, class: index} = curve;
  const key = `${run} ${average ?? ''} ${index ?? ''}`;
  if (byRuns) return {key, label: visibleName(run), color: curveColor(run)};
  if (index === null) return {key, label: average ?? curve.label, color: 'var(--text)'};
  return {key, label: names(index), color: classColor(drawn.indexOf(index))};
}

function Chart({
  lines,
  byRuns,
  shown,
  compared,
  onPick,
}: OverTimeProps & {readonly lines: readonly Line[]; readonly byRuns: boolean}) {
  const kind = xAxis.value;
  const at = (moment: Moment) =>
    kind === 'step' ? moment.step : kind === 'wall' ? moment.wallTime : moment.sinceStart;
  const marks = [{at: at(shown), hollow: false}];
  if (compared) marks.push({at: at(compared), hollow: true});
  const own = byRuns ? lines[0] : lines.reduce((a, b) => (b.x.length > a.x.length ? b : a));
  return (
    <LineChart
      lines={lines}
      kind={kind}
      marks={marks}
      label={`${titleOf(metric.value)} over time`}
      onPick={(x) => {
        if (!own) return;
        const near = own.x.reduce(
          (best, value, index) =>
            Math.abs(value - x) < Math.abs((own.x[best] as number) - x) ? index : best,
          0,
        );
        onPick(own.step[near] as number);
      }}
    />
  );
}
