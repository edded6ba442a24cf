/** The titles of the table per class: a click sorts, a second one turns round. */
import {formatInteger, Icon} from '../elements/index.ts';
import {type SortKey, tableSort} from './state.ts';
import {SCORES} from './table_rows.ts';

/** Column and direction of the order. */
export interface Sort {
  readonly key: SortKey;
  readonly direction: 1 | -1;
}

interface HeadProps {
  readonly sort: Sort;
  readonly since: number | null;
  /** Whether that step comes after the shown one. */
  readonly later: boolean;
  readonly withSteps: boolean;
  readonly extra: LabelColumns;
}

/** Columns that only a multi-label task has. */
export interface LabelColumns {
  readonly predicted: boolean;
  /** Of how many examples the label is known, where that differs. */
  readonly known: boolean;
}

export function Head({sort, since, later, withSteps, extra}: HeadProps) {
  const sinceOrAgainst = later ? 'against' : 'since';
  const column = (key: SortKey, title: string, first: 'up' | 'down', number = true) => (
    <Column key={key} name={key} title={title} first={first} number={number} sort={sort} />
  );
  return (
    <thead>
      <tr>
        {column('class', extra.predicted ? 'Label' : 'Class', 'up', false)}
        {column('support', 'Support', 'down')}
        {extra.predicted ? column('predicted', 'Predicted', 'down') : null}
        {extra.known ? (
          <th scope="col" class="number col-known" title="Examples of which the label is known">
            Known of
          </th>
        ) : null}
        {SCORES.map(({key, title}) => column(key, title, 'up'))}
        {withSteps ? (
          <th scope="col" class="col-steps" title="F1 over the steps, all on one scale">
            Steps
          </th>
        ) : null}
        {since === null
          ? null
          : column('delta', `\u0394 ${sinceOrAgainst} ${formatInteger(since)}`, 'up')}
      </tr>
    </thead>
  );
}

interface ColumnProps {
  readonly name: SortKey;
  readonly title: string;
  /** Direction of the first click. */
  readonly first: 'up' | 'down';
  readonly number: boolean;
  readonly sort: Sort;
}

function Column({name, title, first, number, sort}: ColumnProps) {
  const on = sort.key === name;
  const up = sort.direction === 1;
  const next = on ? (up ? 'down' : 'up') : first;
  return (
    <th
      scope="col"
      class={`${number ? 'number' : ''} col-${name} ${on ? 'on' : ''}`}
      aria-sort={on ? (up ? 'ascending' : 'descending') : 'none'}
    >
      <button
        type="button"
        onClick={() => {
          tableSort.value = `${name}.${next}`;
        }}
      >
        {on ? <Icon name={up ? 'sortUp' : 'sortDown'} /> : null}
        {title}
      </button>
    </th>
  );
}
