/** Numbers and sentences of the Classes page. Pure text: names are never markup. */
import type {MatrixHeader} from '../api/types.ts';
import {DASH, formatCount, plural} from '../elements/format.ts';
import {type Cells, countAt, denominator, type Normalise} from './cells.ts';
import {wilson} from './interval.ts';

const COMPACT = new Intl.NumberFormat('en-US', {notation: 'compact', maximumSignificantDigits: 3});

export const UNDEFINED = DASH;

/** A count for a narrow place: 12.3K. */
export function shortAmount(value: number): string {
  return Math.abs(value) < 10_000 ? formatCount(value) : COMPACT.format(value);
}

/** A share as a bare percent number: 6.3, 0.04, 100. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return value.toFixed(0);
  if (value >= 99.95 && value < 100) return (Math.floor(value * 100) / 100).toFixed(2);
  if (value > 0 && value < 0.05) return value < 0.01 ? '< 0.01' : value.toFixed(2);
  return value.toFixed(1);
}

/** A cell's value in the unit that the matrix shows. */
export function cellText(value: number, by: Normalise): string {
  return by === 'count' ? shortAmount(value) : percent(value);
}

/** What the cells show, in words. */
export function unitOf(by: Normalise, weighted: boolean): string {
  if (by === 'row') return 'cells: % of the true class';
  if (by === 'column') return 'cells: % of the predicted class';
  if (by === 'all') return 'cells: % of all examples';
  return weighted ? 'cells: sums of weights' : 'cells: counts';
}

/**
 * What must be known before a number of this step is believed: what was left out of it, what is
 * not exact, what could not be written. Empty where all is in order.
 */
export function notices(header: MatrixHeader): string[] {
  const {nan, dropped, error_bound: bound, ignored, total} = header;
  const things = header.task === 'multilabel' ? ['label', 'labels'] : ['example', 'examples'];
  const count = (number: number) => plural(number, things[0] as string, things[1]);
  const found: string[] = [];
  if (total === 0 && !header.normalised) {
    found.push('This evaluation saw no examples: nothing can be said of any class.');
  }
  if (nan > 0) {
    found.push(
      `${count(nan)} had NaN scores and ${nan === 1 ? 'is' : 'are'} left out of every number here.`,
    );
  }
  if (ignored > 0) {
    found.push(
      `${count(ignored)} ${ignored === 1 ? 'was' : 'were'} left out on purpose, by ignore_index.`,
    );
  }
  if (bound > 0) {
    found.push(
      'There were more different confusions than are kept: each cell marked \u2265 may stand for up to ' +
        `${formatCount(bound)} more. Scores, supports and the sums per class are exact.`,
    );
  }
  if (dropped > 0) {
    found.push(
      `${plural(dropped, 'record')} of this run could not be written: gaps in its curves are not the model\u2019s.`,
    );
  }
  return found;
}

/** A part of a sentence: plain, a name, or the number that it is about. */
export interface Part {
  readonly text: string;
  readonly role: 'plain' | 'name' | 'hit' | 'miss';
}

/** One line of a cell's tooltip. */
export interface Share {
  readonly of: string;
  readonly percent: string;
  readonly interval: string;
}

/** Everything that is said about one cell. */
export interface CellStory {
  readonly sentence: readonly Part[];
  readonly shares: readonly Share[];
}

export interface CellSubject {
  readonly truth: number;
  readonly guess: number;
  readonly names: (index: number) => string;
  readonly weighted: boolean;
  /** Rows sum to 1: nothing is known about how many examples stand behind them. */
  readonly normalised: boolean;
  /** A miss may stand for up to so many more: 0 = exact. */
  readonly bound: number;
}

/**
 * Says what one cell means, the sentence first.
 *
 * Intervals are left out for weighted and for normalised matrices: their sums are not counts of
 * independent examples.
 */
export function cellStory(cells: Cells, subject: CellSubject): CellStory {
  const {truth, guess, names, weighted, normalised} = subject;
  const count = countAt(cells, truth, guess);
  const name = (index: number): Part => ({text: names(index), role: 'name'});
  const plain = (text: string): Part => ({text, role: 'plain'});
  const hit = truth === guess;
  const support = cells.support[truth] as number;
  const bound = hit ? 0 : subject.bound;
  const shares: Share[] = [];
  const share = (of: string, by: Normalise) => {
    const trials = denominator(cells, by, truth, guess);
    if (!(trials > 0)) return;
    const interval = weighted || normalised || bound > 0 ? null : wilson(count, trials);
    const most = Math.min(1, (count + bound) / trials);
    shares.push({
      of,
      percent:
        bound > 0
          ? `${percent(count / trials)} \u2013 ${percent(most)} %`
          : `${percent(count / trials)} %`,
      interval: interval ? `95 %: ${percent(interval[0])} \u2013 ${percent(interval[1])}` : '',
    });
  };
  if (normalised) {
    const sentence = [name(truth), plain(hit ? ' was taken for itself in ' : ' was taken for ')];
    if (!hit) sentence.push(name(guess), plain(' in '));
    sentence.push(
      {text: `${percent(count)} %`, role: hit ? 'hit' : 'miss'},
      plain(' of its cases.'),
    );
    return {sentence: [plain('True '), ...sentence], shares};
  }
  const number: Part = {text: amountText(count, bound), role: hit ? 'hit' : 'miss'};
  if (!(support > 0)) {
    return {sentence: [plain('No example is '), name(truth), plain('.')], shares};
  }
  const sentence: Part[] = [
    plain(weighted ? 'Of weight ' : 'Of '),
    {text: formatCount(support), role: 'name'},
    plain(' true '),
    name(truth),
    plain(', '),
    count === 0 && bound === 0 ? plain('none') : number,
    plain(count === 1 && bound === 0 ? ' was ' : ' were '),
  ];
  if (hit) sentence.push(plain('predicted as such.'));
  else sentence.push(plain('taken for '), name(guess), plain('.'));
  share(`of all true ${names(truth)}`, 'row');
  share(`of all predicted ${names(guess)}`, 'column');
  return {sentence, shares};
}

/** "62", or "62 to 74" where a cell is known to within a bound. */
function amountText(count: number, bound: number): string {
  return bound > 0 ? `${formatCount(count)} to ${formatCount(count + bound)}` : formatCount(count);
}

export function textOf(parts: readonly Part[]): string {
  return parts.map((part) => part.text).join('');
}

/** What a screen reader hears of a cell. */
export function spokenCell(cells: Cells, subject: CellSubject): string {
  const {truth, guess, names, normalised} = subject;
  const count = countAt(cells, truth, guess);
  const support = cells.support[truth] as number;
  const place = `true ${names(truth)}, predicted ${names(guess)}`;
  if (normalised) return `${place}: ${percent(count)} % of the true class`;
  if (!(support > 0)) return `${place}: no true examples`;
  const bound = truth === guess ? 0 : subject.bound;
  return `${place}: ${bound > 0 ? 'at least ' : ''}${formatCount(count)} of ${formatCount(support)} (${percent(count / support)} %)`;
}
