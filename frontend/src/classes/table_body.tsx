/** The rows of the table per class: averages, and the classes themselves. */
import type {AverageScores, MatrixHeader} from '../api/types.ts';
import {formatCount, Undefined, visibleName} from '../elements/index.ts';
import {classColor} from './class_colors.ts';
import {spot, toggleClass} from './state.ts';
import {ChangeCell, dataOf, ScoreCell, StepsCell} from './table_cells.tsx';
import {barOf, changeOf, SCORES} from './table_rows.ts';
import type {F1Steps} from './use_steps_of_f1.ts';

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

export function AverageRow({name, header, before, range, steps}: AverageRowProps) {
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

export function ClassRow({index, rank, name, header, before, range, drawn, steps}: ClassRowProps) {
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
