/** The 2 x 2 matrix of one label, its sums and scores, and what it says in words. */
import type {MatrixHeader} from '../api/types.ts';
import {formatCount, formatScore, Undefined} from '../elements/index.ts';
import {dark} from '../state/theme.ts';
import type {LabelCounts} from './label_counts.ts';
import {themePens} from './pens.ts';
import {missScale, tone} from './scale.ts';
import {dataOf} from './table_cells.tsx';
import {barOf, type Score} from './table_rows.ts';
import {percent} from './words.ts';

interface LabelMatrixProps {
  readonly header: MatrixHeader;
  readonly index: number;
  readonly counts: LabelCounts;
  /** Already made visible. */
  readonly name: string;
}

export function LabelMatrix({header, index, counts, name}: LabelMatrixProps) {
  const {hits, missed, wrong, rest, support, predicted, examples} = counts;
  const without = examples - support;
  return (
    <section class="label-matrix" aria-label={`Label ${name}`}>
      <table>
        <caption title={name}>{name}</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">predicted</th>
            <th scope="col">not predicted</th>
            <th scope="col" class="sum">
              {header.weighted ? 'weight' : 'examples'}
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">has it</th>
            <Cell count={hits} of={support} hit word="found" />
            <Cell count={missed} of={support} hit={false} word="missed" />
            <td class="sum">
              <b {...dataOf(support)}>{formatCount(support)}</b>
              <ScoreText header={header} index={index} score="recall" />
            </td>
          </tr>
          <tr>
            <th scope="row">has it not</th>
            <Cell count={wrong} of={without} hit={false} word="wrongly predicted" />
            <Cell count={rest} of={without} hit word="rightly not" />
            <td class="sum">
              <b {...dataOf(without)}>{formatCount(without)}</b>
            </td>
          </tr>
          <tr class="sums">
            <th scope="row">{header.weighted ? 'weight' : 'examples'}</th>
            <td class="sum">
              <b {...dataOf(predicted)}>{formatCount(predicted)}</b>
              <ScoreText header={header} index={index} score="precision" />
            </td>
            <td class="sum">
              <b>{formatCount(examples - predicted)}</b>
            </td>
            <td class="sum">
              <b {...dataOf(examples)}>{formatCount(examples)}</b>
              <ScoreText header={header} index={index} score="f1" />
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}

const TITLES: Record<Score, string> = {precision: 'precision', recall: 'recall', f1: 'F1'};

/** "recall 0.733", its interval on hover. */
function ScoreText({
  header,
  index,
  score,
}: {
  readonly header: MatrixHeader;
  readonly index: number;
  readonly score: Score;
}) {
  const {value, low, high} = barOf(header, score, index);
  const interval =
    low === null || high === null
      ? undefined
      : `95 %: ${formatScore(low)} \u2013 ${formatScore(high)}`;
  return (
    <span class="context" title={interval}>
      {TITLES[score]}{' '}
      {value === null ? (
        <Undefined reason={header.reasons[score] ?? 'undefined'} />
      ) : (
        formatScore(value)
      )}
    </span>
  );
}

/** Misses below a thousandth of their row are as faint as one of a thousand. */
const MISSES = missScale({hits: null, misses: [0.001, 1]}, 'log', 'row');
const HITS = {kind: 'linear', low: 0.5, high: 1} as const;

interface CellProps {
  readonly count: number;
  /** The sum of its row. */
  readonly of: number;
  readonly hit: boolean;
  readonly word: string;
}

function Cell({count, of, hit, word}: CellProps) {
  dark.value; // the tones follow the theme
  const share = of > 0 ? count / of : 0;
  const scale = hit ? HITS : MISSES;
  const {hits, misses, emptyCss} = themePens().cells;
  const at = scale && count > 0 ? Math.round(255 * tone(scale, share)) : null;
  const ramp = hit ? hits : misses;
  const style =
    at === null
      ? {background: emptyCss, color: 'var(--muted)'}
      : {background: ramp.css[at] as string, color: ramp.ink[at] as string};
  return (
    <td class="cell" style={style} {...dataOf(count)}>
      <b>{formatCount(count)}</b>
      <span>{of > 0 ? `${percent(share)} % ${word}` : word}</span>
    </td>
  );
}
