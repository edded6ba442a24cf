/** In which order the classes stand, in the matrix and in the table. */

export type OrderBy = 'label' | 'support' | 'f1';

export const ORDERS: readonly {readonly by: OrderBy; readonly title: string}[] = [
  {by: 'label', title: 'label'},
  {by: 'support', title: 'support'},
  {by: 'f1', title: 'worst F1'},
];

export type Column = ArrayLike<number | null>;

/**
 * Sorts class indices by a column. Undefined values come last in both directions; equal
 * values keep the order of their index, so that a sort never depends on the one before.
 */
export function sortedBy(column: Column, direction: 1 | -1): Uint32Array {
  const order = Uint32Array.from({length: column.length}, (_, index) => index);
  return order.sort((a, b) => {
    const left = defined(column[a]);
    const right = defined(column[b]);
    if (left === null || right === null) {
      return left === right ? a - b : left === null ? 1 : -1;
    }
    return left === right ? a - b : (left - right) * direction;
  });
}

/** Sorts class indices by name as a reader expects it: "class 2" before "class 10". */
export function sortedByName(names: readonly string[], direction: 1 | -1): Uint32Array {
  const collator = new Intl.Collator(undefined, {numeric: true, sensitivity: 'base'});
  const order = Uint32Array.from({length: names.length}, (_, index) => index);
  return order.sort(
    (a, b) => collator.compare(names[a] as string, names[b] as string) * direction || a - b,
  );
}

/** The matrix's order of classes: position -> class. */
export function orderOf(by: OrderBy, classes: number, support: Column, f1: Column): Uint32Array {
  if (by === 'support') return sortedBy(support, -1);
  if (by === 'f1') return sortedBy(f1, 1);
  return Uint32Array.from({length: classes}, (_, index) => index);
}

/** class -> position, -1 for classes that the order leaves out. */
export function positionsOf(order: ArrayLike<number>, classes: number): Int32Array {
  const positions = new Int32Array(classes).fill(-1);
  for (let position = 0; position < order.length; position++) {
    positions[order[position] as number] = position;
  }
  return positions;
}

function defined(value: number | null | undefined): number | null {
  return value === null || value === undefined || Number.isNaN(value) ? null : value;
}
