/** A row per run, head and split; sorted by any column, worst first at the start. */

import type {ComponentType} from 'preact';
import {useMemo} from 'preact/hooks';
import type {OverviewRow, Reasons} from '../api/types.ts';
import {Icon} from '../elements/glyph.tsx';
import {Select} from '../elements/select.tsx';
import {type Codec, urlState} from '../state/url.ts';
import {
  AccuracyCell,
  AlertsCell,
  BestCell,
  type CellProps,
  F1Cell,
  GapCell,
  LastStepCell,
  LossCell,
  RunCell,
  SplitCell,
  VerdictCell,
  WorstClassCell,
} from './cells.tsx';
import type {SharedScales} from './scales.ts';
import {COLUMNS, type Column, type Order, WORST_FIRST} from './sort.ts';
import {useRowWindow} from './window.ts';

interface ColumnInfo {
  readonly title: string;
  /** What the small print in the head says. */
  readonly note?: string;
  /** The definition, on hover. */
  readonly hint: string;
  readonly numeric?: boolean;
  readonly Cell: ComponentType<CellProps>;
}

const INFO: Record<Column, ColumnInfo> = {
  run: {title: 'Run', hint: 'The run’s name in TensorBoard', Cell: RunCell},
  split: {title: 'Split', hint: 'Which data were evaluated, and how many labels', Cell: SplitCell},
  verdict: {
    title: 'Verdict',
    hint: 'Whether the mean of the last 5 validation losses lies more than 5 % above the best one',
    Cell: VerdictCell,
  },
  f1_macro: {
    title: 'Macro-F1',
    note: '95 % interval',
    hint: 'Mean of the classes’ F1 at the last step',
    Cell: F1Cell,
  },
  accuracy: {
    title: 'Accuracy',
    hint: 'Share of examples whose predicted class is the true one, at the last step',
    numeric: true,
    Cell: AccuracyCell,
  },
  worst_class: {
    title: 'Worst class',
    note: 'F1',
    hint: 'The class with the lowest F1 at the last step, and what it is most often taken for',
    Cell: WorstClassCell,
  },
  loss: {
    title: 'Loss',
    note: 'validation, train',
    hint: 'Means of the last tenth of the evaluations',
    Cell: LossCell,
  },
  gap: {
    title: 'Gap',
    hint: 'Validation minus train loss: means of the last tenth of the evaluations',
    numeric: true,
    Cell: GapCell,
  },
  best: {
    title: 'Best step',
    hint: 'Where validation loss is lowest',
    numeric: true,
    Cell: BestCell,
  },
  last_step: {
    title: 'Last step',
    hint: 'The last step logged, and when it was written',
    numeric: true,
    Cell: LastStepCell,
  },
  alerts: {title: 'Alerts', hint: 'What else is out of order', Cell: AlertsCell},
};

const orderCodec: Codec<Order> = {
  read: (written) => {
    const column = COLUMNS.find((name) => name === written.replace(/^-/, ''));
    return column ? {column, reversed: written.startsWith('-')} : null;
  },
  write: ({column, reversed}) => `${reversed ? '-' : ''}${column}`,
};

export const order = urlState('sort', orderCodec, WORST_FIRST);

interface TableProps {
  readonly groups: readonly (readonly OverviewRow[])[];
  readonly reasons: Reasons;
  readonly scales: SharedScales;
  readonly curveWidth: number;
  readonly f1Width: number;
}

const ROW_HEIGHT = 57; // pixels, as in overview.css
const SUB_HEIGHT = 42;
const LOSS_NUMBERS = 76; // pixels of a loss cell that are not curve
const F1_NUMBERS = 106;

export function OverviewTable({groups, ...shared}: TableProps) {
  const rows = useMemo(
    () => groups.flatMap((group) => group.map((row, at) => ({...row, first_of_run: at === 0}))),
    [groups],
  );
  const [body, shown] = useRowWindow(
    rows.map((row) => (row.first_of_run ? ROW_HEIGHT : SUB_HEIGHT)),
  );
  const widths = new Map<Column, {width: string}>([
    ['loss', {width: `${shared.curveWidth + LOSS_NUMBERS}px`}],
    ['f1_macro', {width: `${shared.f1Width + F1_NUMBERS}px`}],
  ]);
  return (
    <table class="overview" aria-rowcount={rows.length + 1}>
      <colgroup>
        {COLUMNS.map((column) => (
          <col key={column} class={`col-${column}`} style={widths.get(column)} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <Head key={column} column={column} />
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Spacer height={shown.above} />
        {rows.slice(shown.first, shown.end).map((row, at) => (
          <Row
            key={JSON.stringify([row.run, row.name])}
            row={row}
            index={shown.first + at}
            {...shared}
          />
        ))}
        <Spacer height={shown.below} />
      </tbody>
    </table>
  );
}

function Head({column}: {readonly column: Column}) {
  const {title, note, hint, numeric} = INFO[column];
  const sorted = order.value.column === column;
  const {reversed} = order.value;
  const small = column === 'verdict' && sorted ? (reversed ? 'best first' : 'worst first') : note;
  return (
    <th
      scope="col"
      class={`${numeric ? 'number' : ''} ${sorted ? 'sorted' : ''}`}
      aria-sort={sorted ? (reversed ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        title={`${hint}. Click to sort.`}
        onClick={() => {
          order.value = {column, reversed: sorted && !reversed};
        }}
      >
        {title}
        {small ? <span class="note"> {small}</span> : null}
        {sorted ? <Icon name={reversed ? 'sortUp' : 'sortDown'} /> : null}
      </button>
    </th>
  );
}

/** The order where there is no room for a head: on a narrow page. */
export function SortSelect() {
  return (
    <span class="sort-select">
      <Select
        label="Order"
        prefix="by"
        options={COLUMNS.map((column) => ({value: column, label: INFO[column].title}))}
        value={order.value.column}
        onChange={(column) => {
          order.value = {column, reversed: false};
        }}
      />
    </span>
  );
}

/** The room of rows that are not drawn. */
function Spacer({height}: {readonly height: number}) {
  return height > 0 ? <tr class="spacer" style={{height: `${height}px`}} /> : null;
}

/** Drawn anew only when its own contents change: scrolling a long table redraws no row. */
function Row({index, ...props}: CellProps & {readonly index: number}) {
  return useMemo(
    () => (
      <tr class={props.row.first_of_run ? '' : 'sub'} aria-rowindex={index + 2}>
        {COLUMNS.map((column) => {
          const {title, numeric, Cell} = INFO[column];
          return (
            <td key={column} class={`cell-${column} ${numeric ? 'number' : ''}`} data-title={title}>
              <Cell {...props} />
            </td>
          );
        })}
      </tr>
    ),
    [index, ...Object.values(props)],
  );
}
