/**
 * What stays as it is while the step or the run changes: the order of the classes, and which
 * curves are drawn before anybody chose. A picture that reshuffles at each step cannot be read.
 */
import type {MatrixHeader} from '../api/types.ts';
import {type OrderBy, orderOf, sortedBy} from './order.ts';

export interface Frozen {
  readonly key: string;
  /** position -> class. */
  readonly order: Uint32Array;
  /** The two classes of the lowest F1 among those that have examples. */
  readonly worst: readonly number[];
  readonly names: readonly string[];
}

const WORST = 2;
let last: Frozen | null = null;

/** The order for a set of classes: made at the first step that is shown, then kept. */
export function frozenFor(header: MatrixHeader, by: OrderBy): Frozen {
  const key = JSON.stringify([by, header.classes, header.class_names]);
  if (last?.key === key) return last;
  const {support, f1} = header.per_class;
  const ranked = sortedBy(f1, 1);
  last = {
    key,
    order: orderOf(by, header.classes, support, f1),
    worst: Array.from(ranked)
      .filter((index) => f1[index] !== null && support[index] !== 0)
      .slice(0, WORST),
    names: header.class_names,
  };
  return last;
}
