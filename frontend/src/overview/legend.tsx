import {formatInteger, formatScore} from '../elements/format.ts';
import type {SharedScales} from './scales.ts';

/** What the sparklines draw, and on which axes. */
export function Legend({scales}: {readonly scales: SharedScales}) {
  const {steps} = scales;
  return (
    <p class="legend">
      <span>
        <svg width="26" height="8" aria-hidden="true">
          <path d="M0 4h26" stroke="currentColor" stroke-width="1.7" />
        </svg>
        validation
      </span>
      <span>
        <svg width="26" height="8" aria-hidden="true">
          <path d="M0 4h26" stroke="currentColor" stroke-width="1.3" stroke-dasharray="3 2" />
        </svg>
        train
      </span>
      <span>
        <svg width="12" height="12" aria-hidden="true">
          <circle cx="6" cy="6" r="3" fill="none" stroke="currentColor" stroke-width="1.5" />
        </svg>
        best step
      </span>
      <span>
        <i class="legend-since" />
        after the best step, where validation loss rose
      </span>
      <span>
        {steps
          ? `Sparklines share the step axis ${formatInteger(steps[0])}–${formatInteger(steps[1])}`
          : 'The runs differ much in length: each sparkline has its own step axis'}
        ; F1 shares one scale, {formatScore(scales.f1[0], 2)}–{formatScore(scales.f1[1], 2)}; loss
        has its own per row, a steep start cut off. Loss and gap are means of the last tenth of the
        evaluations.
      </span>
    </p>
  );
}
