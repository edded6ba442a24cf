/** The cells of the table per class: a score with its whisker, its steps, its change. */
import {Sparkline} from '../charts/sparkline.tsx';
import {formatScore, formatSigned, Undefined} from '../elements/index.ts';
import {type Bar, type Change, type Score, whiskerOf} from './table_rows.ts';
import type {F1Curve, F1Steps} from './use_steps_of_f1.ts';

/** The float64 of the answer, for whoever reads the page by program. */
export function dataOf(value: number | null): {'data-value'?: string} {
  return value === null ? {} : {'data-value': String(value)};
}

interface ScoreCellProps {
  readonly name: Score;
  readonly bar: Bar;
  readonly range: readonly [number, number];
  readonly reason: string;
  /** Why there is no interval, where there is none. */
  readonly noInterval?: string | undefined;
}

export function ScoreCell({name, bar, range, reason, noInterval}: ScoreCellProps) {
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
      ? noInterval && `no interval: ${noInterval}`
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

export function StepsCell({
  steps,
  curve,
}: {
  readonly steps: F1Steps;
  readonly curve: F1Curve | undefined;
}) {
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

export function ChangeCell({change}: {readonly change: Change | null}) {
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
