/** What the Classes page remembers: in the URL what a colleague should see, else here. */
import {signal} from '@preact/signals';
import type {Metric} from '../api/types.ts';
import {type Codec, integer, integers, oneOf, text, urlState} from '../state/url.ts';
import {NORMALISATIONS, type Normalise} from './cells.ts';
import type {Spot} from './draw_overlay.ts';
import type {BarScale} from './label_counts.ts';
import type {OrderBy} from './order.ts';
import type {MissScale} from './scale.ts';

/** No step was chosen: the last one, and each new one as it comes. */
export const LAST = -1;
/** No step is compared with. */
export const NONE = -1;

/** Most curves of classes in one chart: more could not be told apart. */
export const MOST_CURVES = 5;

export const seriesName = urlState('series', text, '');
export const step = urlState('step', integer, LAST);
export const compareStep = urlState('since', integer, NONE);
export const normalise = urlState<Normalise>('cells', oneOf(...NORMALISATIONS), 'row');
export const orderBy = urlState<OrderBy>('order', oneOf('label', 'support', 'f1'), 'label');
export const missKind = urlState<MissScale>('misses', oneOf('log', 'linear'), 'log');

/** Multi-label: the label whose 2 x 2 matrix is shown; NONE = the worst one. */
export const chosenLabel = urlState('label', integer, NONE);
export const labelOrder = urlState<OrderBy>('labels', oneOf('f1', 'support', 'label'), 'f1');
export const barScale = urlState<BarScale>('bars', oneOf('share', 'count'), 'share');

/** Classes whose curves are drawn; null = nobody chose, the worst ones are. */
const classList: Codec<readonly number[] | null> = {
  read: (written) => (written === 'none' ? [] : integers.read(written)),
  write: (value) => (value === null ? '' : value.length === 0 ? 'none' : integers.write(value)),
};
export const chosenClasses = urlState<readonly number[] | null>('classes', classList, null);

export const metric = urlState<Metric>(
  'metric',
  oneOf('f1', 'precision', 'recall', 'accuracy'),
  'f1',
);

/** Curves of one run's classes, or of one quantity over the runs. */
export type Curves = 'classes' | 'runs';
export const curvesOf = urlState<Curves>('curves', oneOf('classes', 'runs'), 'classes');

/** What is drawn of each run: an average, or a class by its index. */
export const quantity = urlState('quantity', text, 'macro');

export type SortKey = 'class' | 'support' | 'predicted' | 'precision' | 'recall' | 'f1' | 'delta';
const COLUMNS = ['class', 'support', 'predicted', 'precision', 'recall', 'f1', 'delta'];
const SORTS = COLUMNS.flatMap((key) => [`${key}.up`, `${key}.down`]);
/** Column and direction of the table: worst F1 first. */
export const tableSort = urlState('rows', oneOf(...SORTS), 'f1.up');

/** The class or cell that the pointer or the keys are on, wherever it is shown. */
export const spot = signal<(Spot & {readonly from: 'matrix' | 'table' | 'keys'}) | null>(null);

/** The cell that was clicked. */
export const pinned = signal<Spot | null>(null);

/** Whether the steps are played one after the other. */
export const playing = signal(false);

/** Switches a class's curve on or off, given those that are drawn; the oldest makes room. */
export function toggleClass(index: number, drawn: readonly number[]): void {
  chosenClasses.value = drawn.includes(index)
    ? drawn.filter((other) => other !== index)
    : [...drawn, index].slice(-MOST_CURVES);
}
