/** The rows of the table per class: averages, and the classes themselves. */
import type {AverageScores, MatrixHeader, PerClass} from '../api/types.ts';
import {CutName, formatCount, Undefined, visibleName} from '../elements/index.ts';
import {classColor} from './class_colors.ts';
import {spot, toggleClass} from './state.ts';
import {ChangeCell, dataOf, ScoreCell, StepsCell} from './table_cells.tsx';
import type {LabelColumns} from './table_head.tsx';
import {barOf, changeOf, SCORES} from './table_rows.ts';
import type {F1Steps} from './use_steps_of_f1.ts';

interface AverageRowProps {
  readonly name: 'macro' | 'micro' | 'weighted';
  readonly extra: LabelColumns;
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

const LABEL_TITLES = {
  macro: 'Mean over the labels that occur, each counted once',
  micro: 'Over all labels of all examples together',
  weighted: 'Mean over the labels, each counted by its support',
} as const;

export function AverageRow({name, extra, header, before, range, steps}: AverageRowProps) {
  const scores: AverageScores = header.averages[name];
  const labels = header.task === 'multilabel';
  const support = labels ? sumOf(header.per_class.support) : header.total;
  const predicted = sumOf(header.per_class.predicted);
  const change = before ? changeOf(scores.f1, before.averages[name].f1) : null;
  return (
    <tr class={name}>
      <th scope="row" title={(labels ? LABEL_TITLES : AVERAGE_TITLES)[name]}>
        {name}
      </th>
      <Count value={header.normalised ? null : support} header={header} />
      {extra.predicted ? <Count value={predicted} header={header} /> : null}
      {extra.known ? <td class="known" /> : null}
      {SCORES.map(({key}) => (
        <ScoreCell
          key={key}
          name={key}
          bar={scores[key]}
          range={range}
          reason={
            header.total === 0
              ? 'no examples'
              : `${key === 'f1' ? 'F1' : key} is undefined in every class`
          }
          noInterval={labels ? header.reasons.averages_low : undefined}
        />
      ))}
      {steps ? <StepsCell steps={steps} curve={steps.byAverage.get(name)} /> : null}
      {before ? <ChangeCell change={change} /> : null}
    </tr>
  );
}

/** The sum of a column; null where a part of it is not known. */
function sumOf(column: PerClass): number | null {
  let sum = 0;
  for (const value of column) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

interface CountProps {
  readonly value: number | null;
  readonly header: MatrixHeader;
  readonly muted?: boolean;
  /** Of the column that a narrow table leaves out. */
  readonly known?: boolean;
}

function Count({value, header, muted = false, known = false}: CountProps) {
  const reason = header.normalised ? 'rows were logged as shares' : 'its counts were not kept';
  return (
    <td class={`number ${muted ? 'muted' : ''} ${known ? 'known' : ''}`} {...dataOf(value)}>
      {value === null ? <Undefined reason={reason} /> : formatCount(value)}
    </td>
  );
}

interface ClassRowProps {
  readonly index: number;
  readonly rank: number;
  readonly name: string;
  readonly extra: LabelColumns;
  readonly header: MatrixHeader;
  readonly before: MatrixHeader | null;
  readonly range: readonly [number, number];
  readonly drawn: readonly number[];
  readonly steps: F1Steps | null;
}

export function ClassRow(props: ClassRowProps) {
  const {index, rank, name, extra, header, before, range, drawn, steps} = props;
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
          <CutName name={name} />
          {header.pos_label === index ? <span class="positive">positive</span> : null}
        </button>
      </th>
      <Count value={support} header={header} muted />
      {extra.predicted ? (
        <Count value={header.per_class.predicted[index] ?? null} header={header} muted />
      ) : null}
      {extra.known ? (
        <Count value={header.per_class.examples?.[index] ?? null} header={header} muted known />
      ) : null}
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
