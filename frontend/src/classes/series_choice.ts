/** Which series the page can show, and which of them it shows. */
import type {RunInfo, SeriesInfo} from '../api/types.ts';

export interface Choice {
  readonly run: RunInfo;
  readonly series: SeriesInfo;
}

const CLASS_KINDS = new Set(['averages', 'class_counts', 'confusion']);

/** Series that have something to say about classes, in the order of the runs. */
export function choicesOf(runs: readonly RunInfo[]): Choice[] {
  return runs.flatMap((run) =>
    run.series
      .filter(({kinds}) => kinds.some((kind) => CLASS_KINDS.has(kind)))
      .map((series) => ({run, series})),
  );
}

/**
 * The series to show: what was chosen; else the same series in another run, else what the
 * chosen run has (its validation first), else the first of all.
 */
export function chosenOf(choices: readonly Choice[], run: string, name: string): Choice | null {
  const inRun = choices.filter((choice) => choice.run.run === run);
  const pool = inRun.length > 0 ? inRun : choices;
  const named = pool.find(({series}) => series.name === name);
  if (named) return named;
  const first = pool.find(({series}) => series.split === 'validation') ?? pool[0];
  if (!first) return null;
  // After the classes changed, the series goes on under the next generation.
  return pool
    .filter(({run: other, series}) => other === first.run && isSame(series, first.series))
    .reduce((a, b) => (b.series.generation > a.series.generation ? b : a));
}

function isSame(a: SeriesInfo, b: SeriesInfo): boolean {
  return a.split === b.split && a.head === b.head;
}

/**
 * The title of a series among those of its run: with the name as it was written where another
 * one has the same title ("val" and "validation" are one split).
 */
export function titleAmong(choices: readonly Choice[], {run, series}: Choice): string {
  const title = seriesTitle(series);
  const same = choices.filter(
    (other) => other.run.run === run.run && seriesTitle(other.series) === title,
  );
  return same.length > 1 ? `${title} ("${series.name}")` : title;
}

/** "validation", "validation of head depth", "validation, 2nd set of classes". */
export function seriesTitle({split, head, generation}: SeriesInfo): string {
  const parts = [split || 'evaluation'];
  if (head) parts.push(`head ${head}`);
  if (generation > 1) parts.push(`class set ${generation}`);
  return parts.join(', ');
}
