/** Precision, recall and F1 of every class with their intervals; averages on top. */
import './table.css';
import {useLayoutEffect, useMemo, useState} from 'preact/hooks';
import type {MatrixHeader} from '../api/types.ts';
import {Card, EmptyState, formatScore, Icon, plural} from '../elements/index.ts';
import {findClasses} from './detail.ts';
import {someUnknown} from './label_counts.ts';
import {type SortKey, tableSort} from './state.ts';
import {AverageRow, ClassRow} from './table_body.tsx';
import {Head, type LabelColumns, type Sort} from './table_head.tsx';
import {rowOrder, rowsInView, SCORES, whiskerRange} from './table_rows.ts';
import {useRowView} from './use_row_view.ts';
import {useSpotRow} from './use_spot_row.ts';
import type {F1Steps} from './use_steps_of_f1.ts';

interface ClassTableProps {
  readonly header: MatrixHeader;
  /** The step compared with; null = none. */
  readonly before: MatrixHeader | null;
  /** Classes whose curves are drawn. */
  readonly drawn: readonly number[];
  /** Steps of the run's F1; null = no column for them. */
  readonly steps: F1Steps | null;
}

/** Every row is as high as every other, so that only those in view need to exist. */
export const ROW_HEIGHT = 29;
/** Up to so many classes the table is as high as its rows. */
const UNCUT_ROWS = 16;
const SEARCH_FROM = 12;

export function ClassTable({header, before, drawn, steps}: ClassTableProps) {
  const [query, setQuery] = useState('');
  const names = useMemo(
    () => Array.from({length: header.classes}, (_, i) => header.class_names[i] ?? String(i)),
    [header],
  );
  const [key, way] = tableSort.value.split('.') as [SortKey, 'up' | 'down'];
  const direction = way === 'up' ? 1 : -1;
  const rows = useMemo(() => {
    const all = rowOrder(header, names, before, key, direction);
    if (query.trim() === '') return all;
    const found = new Set(findClasses(names, query));
    return all.filter((index) => found.has(index));
  }, [header, names, before, key, direction, query]);
  const range = useMemo(() => whiskerRange(header), [header]);
  const noun = header.task === 'multilabel' ? 'label' : 'class';
  return (
    <Card
      class="table-card"
      title={`Per ${noun}`}
      subtitle={sortTitle(key, direction, before)}
      actions={
        <>
          {header.classes >= SEARCH_FROM ? (
            <label class="find">
              <Icon name="search" />
              <input
                type="search"
                placeholder={`Find a ${noun}`}
                aria-label={`Find a ${noun} in the table`}
                value={query}
                onInput={(event) => setQuery(event.currentTarget.value)}
              />
            </label>
          ) : null}
          <RangeNote header={header} range={range} />
        </>
      }
    >
      <Rows
        header={header}
        before={before}
        names={names}
        rows={rows}
        range={range}
        drawn={drawn}
        steps={steps}
        sort={{key, direction}}
      />
      {rows.length === 0 ? (
        <EmptyState title={`No ${noun} matches \u201c${query.trim()}\u201d`} />
      ) : null}
      {header.total === 0 ? null : <Passport header={header} />}
    </Card>
  );
}

/** On which range the whiskers are drawn, or why there are none. */
function RangeNote({
  header,
  range,
}: {
  readonly header: MatrixHeader;
  readonly range: readonly [number, number];
}) {
  const known = header.per_class.recall_low.some((low) => low !== null);
  if (header.total === 0) return <span>no examples</span>;
  if (!known)
    return <span title={header.reasons.low}>no intervals: examples were not counted</span>;
  return (
    <span>
      95 % intervals{header.classes > UNCUT_ROWS ? ', ' : ', drawn on '}
      {trim(range[0])} {'\u2013'} {trim(range[1])}
    </span>
  );
}

function trim(value: number): string {
  return String(Number(value.toFixed(2)));
}

const TITLES = new Map<string, string>([
  ['class.up', 'by name'],
  ['class.down', 'by name, backwards'],
  ['support.up', 'fewest examples first'],
  ['support.down', 'most examples first'],
  ['predicted.up', 'least predicted first'],
  ['predicted.down', 'most predicted first'],
  ['delta.up', 'largest loss of F1 first'],
  ['delta.down', 'largest gain of F1 first'],
]);

function sortTitle(key: SortKey, direction: 1 | -1, before: MatrixHeader | null): string {
  const fixed = TITLES.get(`${key}.${direction === 1 ? 'up' : 'down'}`);
  if (fixed && (key !== 'delta' || before)) return fixed;
  const title = SCORES.find((score) => score.key === key)?.title ?? 'F1';
  return `${direction === 1 ? 'worst' : 'best'} ${title === 'F1' ? title : title.toLowerCase()} first`;
}

interface RowsProps {
  readonly header: MatrixHeader;
  readonly before: MatrixHeader | null;
  readonly names: readonly string[];
  readonly rows: Uint32Array;
  readonly range: readonly [number, number];
  readonly drawn: readonly number[];
  readonly steps: F1Steps | null;
  readonly sort: Sort;
}

function Rows({header, before, names, rows, range, drawn, steps, sort}: RowsProps) {
  const [box, view] = useRowView(600);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = 0;
  }, [sort.key, sort.direction]);
  const {first, last} = rowsInView(view.top, view.height, ROW_HEIGHT, rows.length);
  useSpotRow(box, rows, first);
  // Rows of a long table are refilled in place: each step brings other classes into view.
  const long = rows.length > UNCUT_ROWS;
  const extra = useMemo(() => labelColumns(header), [header]);
  const columns =
    5 + [before !== null, steps !== null, extra.predicted, extra.known].filter(Boolean).length;
  return (
    <section
      ref={box}
      class={`scores-box ${header.classes > UNCUT_ROWS ? 'long' : ''}`}
      aria-label="Scores per class"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the keys
      tabIndex={0}
    >
      <table class="class-table" aria-rowcount={rows.length + 4}>
        <Head
          sort={sort}
          since={before?.step ?? null}
          later={before !== null && before.step > header.step}
          withSteps={steps !== null}
          extra={extra}
        />
        <tbody class="averages">
          {(['macro', 'micro', 'weighted'] as const).map((name) => (
            <AverageRow
              key={name}
              name={name}
              extra={extra}
              header={header}
              before={before}
              range={range}
              steps={steps}
            />
          ))}
        </tbody>
        <tbody>
          <Spacer rows={first} columns={columns} />
          {Array.from(rows.subarray(first, last), (index, at) => (
            <ClassRow
              key={long ? first + at : index}
              rank={first + at + 5}
              index={index}
              name={names[index] ?? ''}
              extra={extra}
              header={header}
              before={before}
              range={range}
              drawn={drawn}
              steps={steps}
            />
          ))}
          <Spacer rows={rows.length - last} columns={columns} />
        </tbody>
      </table>
    </section>
  );
}

function labelColumns(header: MatrixHeader): LabelColumns {
  const predicted = header.task === 'multilabel';
  return {predicted, known: predicted && someUnknown(header)};
}

/** Stands for rows that are out of view. */
function Spacer({rows, columns}: {readonly rows: number; readonly columns: number}) {
  return rows > 0 ? (
    <tr class="spacer">
      <td colSpan={columns} style={{height: `${rows * ROW_HEIGHT}px`}} />
    </tr>
  ) : null;
}

/** Which definition the averages use, and what another one would say. */
function Passport({header}: {readonly header: MatrixHeader}) {
  const {passport, classes} = header;
  const others: string[] = [];
  if (passport.classes_present < classes && passport.macro_f1_all_classes !== null) {
    const absent = classes - passport.classes_present;
    others.push(
      header.task === 'multilabel'
        ? `With ${plural(absent, 'absent label')} counted as 0, as in scikit-learn: ${formatScore(passport.macro_f1_all_classes, 4)}.`
        : `With ${plural(absent, 'absent class', 'absent classes')} counted as 0: ${formatScore(passport.macro_f1_all_classes, 4)}.`,
    );
  }
  if (passport.f1_of_mean_precision_recall !== null) {
    others.push(
      `Of mean precision and recall: ${formatScore(passport.f1_of_mean_precision_recall, 4)}.`,
    );
  }
  const value = header.averages.macro.f1.value;
  return (
    <p class="passport">
      <Icon name="info" />
      <span>
        {passport.text}
        {value === null ? '.' : `: ${formatScore(value, 4)}.`} {others.join(' ')}
      </span>
    </p>
  );
}
