/** Precision, recall and F1 of every class with their intervals; averages on top. */
import {useLayoutEffect, useMemo, useRef, useState} from 'preact/hooks';
import type {AverageScores, MatrixHeader} from '../api/types.ts';
import {Sparkline} from '../charts/sparkline.tsx';
import {
  Card,
  EmptyState,
  formatCount,
  formatInteger,
  formatScore,
  formatSigned,
  Icon,
  plural,
  Undefined,
  visibleName,
} from '../elements/index.ts';
import {classColor} from './class_colors.ts';
import {findClasses} from './detail.ts';
import {type SortKey, spot, tableSort, toggleClass} from './state.ts';
import {
  type Bar,
  barOf,
  changeOf,
  rowOrder,
  rowsInView,
  SCORES,
  type Score,
  whiskerOf,
  whiskerRange,
} from './table_rows.ts';
import {useSpotRow} from './use_spot_row.ts';
import type {F1Curve, F1Steps} from './use_steps_of_f1.ts';

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
  return (
    <Card
      class="table-card"
      title="Per class"
      subtitle={sortTitle(key, direction, before)}
      actions={
        <>
          {header.classes >= SEARCH_FROM ? (
            <label class="find">
              <Icon name="search" />
              <input
                type="search"
                placeholder="Find a class"
                aria-label="Find a class in the table"
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
        <EmptyState title={`No class matches \u201c${query.trim()}\u201d`} />
      ) : null}
      <Passport header={header} />
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
  readonly sort: {readonly key: SortKey; readonly direction: 1 | -1};
}

function Rows({header, before, names, rows, range, drawn, steps, sort}: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({top: 0, height: 600});
  useSpotRow(box);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const see = () => {
      if (element.clientHeight > 0) setView({top: element.scrollTop, height: element.clientHeight});
    };
    see();
    const observer = new ResizeObserver(see);
    observer.observe(element);
    element.addEventListener('scroll', see, {passive: true});
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', see);
    };
  }, []);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = 0;
  }, [sort.key, sort.direction]);
  const {first, last} = rowsInView(view.top, view.height, ROW_HEIGHT, rows.length);
  const columns = 5 + Number(before !== null) + Number(steps !== null);
  return (
    <section
      ref={box}
      class={`table-box ${header.classes > UNCUT_ROWS ? 'long' : ''}`}
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
        />
        <tbody class="averages">
          {(['macro', 'micro', 'weighted'] as const).map((name) => (
            <AverageRow
              key={name}
              name={name}
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
              key={index}
              rank={first + at + 5}
              index={index}
              name={names[index] ?? ''}
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

/** Stands for rows that are out of view. */
function Spacer({rows, columns}: {readonly rows: number; readonly columns: number}) {
  return rows > 0 ? (
    <tr class="spacer">
      <td colSpan={columns} style={{height: `${rows * ROW_HEIGHT}px`}} />
    </tr>
  ) : null;
}

interface HeadProps {
  readonly sort: {readonly key: SortKey; readonly direction: 1 | -1};
  readonly since: number | null;
  /** Whether that step comes after the shown one. */
  readonly later: boolean;
  readonly withSteps: boolean;
}

function Head({sort, since, later, withSteps}: HeadProps) {
  const sinceOrAgainst = later ? 'against' : 'since';
  const column = (key: SortKey, title: string, first: 'up' | 'down', number = true) => (
    <Column key={key} name={key} title={title} first={first} number={number} sort={sort} />
  );
  return (
    <thead>
      <tr>
        {column('class', 'Class', 'up', false)}
        {column('support', 'Support', 'down')}
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
  readonly sort: HeadProps['sort'];
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

interface AverageRowProps {
  readonly name: 'macro' | 'micro' | 'weighted';
  readonly header: MatrixHeader;
  readonly before: MatrixHeader | null;
  readonly range: readonly [number, number];
  readonly steps: F1Steps | null;
}

const AVERAGE_TITLES = {
  macro: 'Mean over the classes that occur, each counted once',
  micro: 'Over all examples together',
  weighted: 'Mean over the classes, each counted by its support',
} as const;

function AverageRow({name, header, before, range, steps}: AverageRowProps) {
  const scores: AverageScores = header.averages[name];
  const change = before ? changeOf(scores.f1, before.averages[name].f1) : null;
  return (
    <tr class={name}>
      <th scope="row" title={AVERAGE_TITLES[name]}>
        {name}
      </th>
      <td class="number" {...dataOf(header.normalised ? null : header.total)}>
        {header.normalised ? (
          <Undefined reason="rows were logged as shares" />
        ) : (
          formatCount(header.total)
        )}
      </td>
      {SCORES.map(({key}) => (
        <ScoreCell
          key={key}
          name={key}
          bar={scores[key]}
          range={range}
          reason={`${key === 'f1' ? 'F1' : key} is undefined in every class`}
        />
      ))}
      {steps ? <StepsCell steps={steps} curve={steps.byAverage.get(name)} /> : null}
      {before ? <ChangeCell change={change} /> : null}
    </tr>
  );
}

interface ClassRowProps {
  readonly index: number;
  readonly rank: number;
  readonly name: string;
  readonly header: MatrixHeader;
  readonly before: MatrixHeader | null;
  readonly range: readonly [number, number];
  readonly drawn: readonly number[];
  readonly steps: F1Steps | null;
}

function ClassRow({index, rank, name, header, before, range, drawn, steps}: ClassRowProps) {
  const support = header.per_class.support[index] ?? null;
  const place = drawn.indexOf(index);
  const shown = visibleName(name);
  const change = before ? changeOf(barOf(header, 'f1', index), barOf(before, 'f1', index)) : null;
  return (
    <tr
      data-class={index}
      aria-rowindex={rank}
      onPointerEnter={() => {
        spot.value = {truth: index, guess: index, from: 'table'};
      }}
      onPointerLeave={() => {
        spot.value = null;
      }}
    >
      <th scope="row">
        <button
          type="button"
          class="class-name"
          aria-pressed={place >= 0}
          title={`${shown}: ${place >= 0 ? 'remove its curve' : 'draw its curve over time'}`}
          onClick={() => toggleClass(index, drawn)}
        >
          <span
            class={`swatch ${place >= 0 ? 'on' : ''}`}
            style={place >= 0 ? {background: classColor(place)} : {}}
          />
          <span class="cut">{shown}</span>
          {header.pos_label === index ? <span class="positive">positive</span> : null}
        </button>
      </th>
      <td class="number muted" {...dataOf(support)}>
        {support === null ? (
          <Undefined reason="rows were logged as shares" />
        ) : (
          formatCount(support)
        )}
      </td>
      {SCORES.map(({key}) => (
        <ScoreCell
          key={key}
          name={key}
          bar={barOf(header, key, index)}
          range={range}
          reason={header.reasons[key] ?? 'undefined'}
        />
      ))}
      {steps ? <StepsCell steps={steps} curve={steps.byClass.get(index)} /> : null}
      {before ? <ChangeCell change={change} /> : null}
    </tr>
  );
}

/** The float64 of the answer, for whoever reads the page by program. */
function dataOf(value: number | null): {'data-value'?: string} {
  return value === null ? {} : {'data-value': String(value)};
}

interface ScoreCellProps {
  readonly name: Score;
  readonly bar: Bar;
  readonly range: readonly [number, number];
  readonly reason: string;
}

function ScoreCell({name, bar, range, reason}: ScoreCellProps) {
  if (bar.value === null) {
    return (
      <td class={`score score-${name}`}>
        <span class="score-line">
          <Undefined reason={reason} />
          <span class="whisker" />
        </span>
      </td>
    );
  }
  const interval =
    bar.low === null || bar.high === null
      ? undefined
      : `95 %: ${formatScore(bar.low)} \u2013 ${formatScore(bar.high)}`;
  return (
    <td class={`score score-${name}`} {...dataOf(bar.value)} title={interval}>
      <span class="score-line">
        {formatScore(bar.value)}
        <WhiskerPlot bar={bar} range={range} />
      </span>
    </td>
  );
}

const WHISKER = 46;

function WhiskerPlot({bar, range}: {readonly bar: Bar; readonly range: readonly [number, number]}) {
  const whisker = whiskerOf(bar, range);
  if (!whisker) return null;
  const x = (share: number) => (4 + share * (WHISKER - 8)).toFixed(1);
  return (
    <svg class="whisker" width={WHISKER} height="14" aria-hidden="true">
      <path class="rail" d={`M4 7H${WHISKER - 4}`} />
      <path
        class="span"
        d={`M${x(whisker.from)} 7H${x(whisker.to)}${whisker.cutLow ? 'M4 4L1 7L4 10' : ''}${
          whisker.cutHigh ? `M${WHISKER - 4} 4L${WHISKER - 1} 7L${WHISKER - 4} 10` : ''
        }`}
      />
      <circle cx={x(whisker.dot)} cy="7" r="2.3" />
    </svg>
  );
}

function StepsCell({steps, curve}: {readonly steps: F1Steps; readonly curve: F1Curve | undefined}) {
  return (
    <td class="steps">
      {curve ? (
        <Sparkline
          points={curve}
          color="var(--muted)"
          width={56}
          height={20}
          xRange={steps.xRange}
          yRange={steps.yRange}
        />
      ) : null}
    </td>
  );
}

function ChangeCell({change}: {readonly change: ReturnType<typeof changeOf>}) {
  if (!change) {
    return (
      <td class="number">
        <Undefined reason="F1 is undefined at one of the two steps" />
      </td>
    );
  }
  const {value, beyondNoise, noise} = change;
  const direction = value < 0 ? 'worse' : 'better';
  const title =
    noise === null ? undefined : `both 95 % intervals together allow \u00b1${formatScore(noise)}`;
  return (
    <td class={`number ${beyondNoise ? direction : 'noise'}`} {...dataOf(value)} title={title}>
      {beyondNoise ? (value < 0 ? '\u25bc ' : '\u25b2 ') : ''}
      {formatSigned(value, formatScore)}
    </td>
  );
}

/** Which definition the averages use, and what another one would say. */
function Passport({header}: {readonly header: MatrixHeader}) {
  const {passport, classes} = header;
  const others: string[] = [];
  if (passport.classes_present < classes && passport.macro_f1_all_classes !== null) {
    const absent = classes - passport.classes_present;
    others.push(
      `With ${plural(absent, 'absent class', 'absent classes')} counted as 0: ${formatScore(passport.macro_f1_all_classes, 4)}.`,
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
