/** The table as Markdown, for a pull request or a notebook. */

import type {OverviewRow} from '../api/types.ts';
import {intervalText} from '../elements/estimate.tsx';
import {
  formatInteger,
  formatLike,
  formatNumber,
  formatPercent,
  formatScore,
  formatSigned,
  visibleName,
} from '../elements/format.ts';

const HEAD = [
  'run',
  'split',
  'examples',
  'verdict',
  'macro F1 (95 %)',
  'accuracy (95 %)',
  'worst class F1',
  'validation loss',
  'train loss',
  'gap',
  'best step',
  'last step',
  'alerts',
] as const;

export function overviewMarkdown(rows: readonly OverviewRow[]): string {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cells)];
  return `${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`;
}

function cells(row: OverviewRow): string[] {
  const {worst_class: worst} = row;
  return [
    escaped(row.run),
    escaped(row.name || row.split),
    row.examples === null ? '' : formatInteger(row.examples),
    row.verdict?.label ?? '',
    estimate(row.f1_macro),
    accuracyOf(row),
    worst
      ? `${escaped(worst.name)} ${formatScore(worst.f1)}${
          worst.read_as === null
            ? ''
            : `, read as ${escaped(worst.read_as)} ${formatPercent(worst.read_as_share)}`
        }`
      : '',
    row.loss ? formatNumber(row.loss.validation) : '',
    row.loss ? formatNumber(row.loss.train) : '',
    row.gap === null
      ? ''
      : formatSigned(row.gap, (gap) => formatLike(gap, row.loss?.validation ?? null)),
    row.best ? formatInteger(row.best.step) : '',
    row.last_step === null ? '' : formatInteger(row.last_step),
    row.alerts.map(({text}) => escaped(text)).join('; '),
  ];
}

function accuracyOf({accuracy, task, top_k: top}: OverviewRow): string {
  const parts = [
    estimate(accuracy) + (accuracy && task === 'multilabel' ? ' exact match' : ''),
    top ? `top-${top.k} ${formatScore(top.accuracy)}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function estimate(value: OverviewRow['accuracy']): string {
  if (value === null) return '';
  const interval = intervalText(value);
  return formatScore(value.value) + (interval && ` (${interval})`);
}

/** Names are text here too: what Markdown or HTML would read is escaped. */
function escaped(name: string): string {
  return visibleName(name).replace(/[\\`*_{}[\]<>()#+!|~&]/g, '\\$&');
}
