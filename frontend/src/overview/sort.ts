/** The order of the table: by any column, what is undefined always last, runs kept together. */

import type {OverviewRow, Tier} from '../api/types.ts';

export const COLUMNS = [
  'run',
  'split',
  'verdict',
  'f1_macro',
  'accuracy',
  'worst_class',
  'loss',
  'gap',
  'best',
  'last_step',
  'alerts',
] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  readonly column: Column;
  /** The other way round than the column's own first choice, which is worst first. */
  readonly reversed: boolean;
}

export const WORST_FIRST: Order = {column: 'verdict', reversed: false};

type Key = number | string | null;

const TIERS: readonly Tier[] = ['act', 'unknown', 'fine'];

/** What a row is sorted by, ascending = worst first; null = undefined. */
const KEYS: Record<Column, (row: OverviewRow) => Key> = {
  run: (row) => row.run,
  split: (row) => row.split,
  verdict: (row) => (row.verdict ? TIERS.indexOf(row.verdict.tier) : null),
  f1_macro: (row) => row.f1_macro?.value ?? null,
  accuracy: (row) => row.accuracy?.value ?? null,
  worst_class: (row) => row.worst_class?.f1 ?? null,
  loss: (row) => negative(row.loss?.validation ?? null),
  gap: (row) => negative(row.gap),
  best: (row) => negative(row.best?.step ?? null),
  last_step: (row) => negative(row.last_step),
  alerts: (row) => negative(row.alerts.length || null),
};

/** The groups of rows of each run, sorted by their first row. Ties keep their order. */
export function sortRuns(rows: readonly OverviewRow[], order: Order): OverviewRow[][] {
  const groups = [...groupByRun(rows).values()];
  return groups.sort((a, b) => compareRuns(a[0], b[0], order));
}

/** Of equal verdicts, the strongest rise comes first; where nothing rose, the lowest F1. */
function compareRuns(a: OverviewRow | undefined, b: OverviewRow | undefined, order: Order): number {
  if (!a || !b) return 0;
  const key = KEYS[order.column];
  const first = compare(key(a), key(b), order.reversed);
  if (first !== 0 || order.column !== 'verdict') return first;
  const tie =
    a.verdict?.tier === 'act' ? (row: OverviewRow) => negative(riseOf(row)) : KEYS.f1_macro;
  return compare(tie(a), tie(b), order.reversed);
}

/** The rise that the verdict rests on; what ended in no number at all comes before the rest. */
function riseOf({verdict}: OverviewRow): number {
  return verdict?.rise ?? Number.POSITIVE_INFINITY;
}

/** Compares two keys; null and NaN come last in either direction. */
export function compare(a: Key, b: Key, reversed: boolean): number {
  const [noA, noB] = [isMissing(a), isMissing(b)];
  if (noA || noB) return Number(noA) - Number(noB);
  const sign = reversed ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') {
    return sign * a.localeCompare(b, 'en', {numeric: true});
  }
  return sign * (Number(a) - Number(b));
}

function isMissing(key: Key): boolean {
  return key === null || (typeof key === 'number' && Number.isNaN(key));
}

function groupByRun(rows: readonly OverviewRow[]): Map<string, OverviewRow[]> {
  const groups = new Map<string, OverviewRow[]>();
  for (const row of rows) {
    const group = groups.get(row.run);
    if (group) group.push(row);
    else groups.set(row.run, [row]);
  }
  return groups;
}

function negative(value: number | null): number | null {
  return value === null ? null : -value;
}
