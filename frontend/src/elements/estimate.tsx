import type {ComponentChildren} from 'preact';
import type {Estimate} from '../api/types.ts';
import {DASH, formatScore} from './format.ts';

/** What is not defined: an em dash, and why on hover and for screen readers. */
export function Undefined({reason}: {readonly reason: string}) {
  return (
    <span class="undefined" title={reason}>
      <span aria-hidden="true">{DASH}</span>
      <span class="unseen">undefined: {reason}</span>
    </span>
  );
}

/** What nobody logged, in words. */
export function NotLogged({what = 'not logged'}: {readonly what?: string}) {
  return <span class="faint small">{what}</span>;
}

/** A value and, beneath it, smaller, its context. */
export function TwoLines({
  value,
  context,
}: {
  readonly value: ComponentChildren;
  readonly context?: ComponentChildren;
}) {
  return (
    <span class="two-lines">
      <span class="value">{value}</span>
      <span class="context">{context ?? '\u00a0'}</span>
    </span>
  );
}

interface EstimateTextProps {
  readonly estimate: Estimate | null;
  /** Why the value is undefined, where it is. */
  readonly reason: string;
  /** The interval as two ends or as one half width. */
  readonly interval?: 'ends' | 'half';
}

/** A score with its 95 % interval in two lines. */
export function EstimateText({estimate, reason, interval = 'ends'}: EstimateTextProps) {
  if (estimate === null) return <NotLogged />;
  if (estimate.value === null) return <Undefined reason={reason} />;
  return (
    <TwoLines value={formatScore(estimate.value)} context={intervalText(estimate, interval)} />
  );
}

/** "0.829–0.855" or "±0.013"; nothing where there is no interval. */
export function intervalText({low, high}: Estimate, form: 'ends' | 'half' = 'ends'): string {
  if (low === null || high === null) return '';
  return form === 'ends'
    ? `${formatScore(low)}–${formatScore(high)}`
    : `±${formatScore((high - low) / 2)}`;
}
