/** Which classes the square beside a large overview shows. */
import {type Cells, confusedWith, mostConfused} from './cells.ts';

/** So many names can be read at once. */
export const DETAIL_CLASSES = 20;

/** A search that finds more than this shows the first of them. */
export const MOST_FOUND = 60;

export type Detail =
  | {readonly kind: 'worst'; readonly classes: Uint32Array; readonly caption: string}
  | {readonly kind: 'found'; readonly classes: Uint32Array; readonly caption: string}
  | {readonly kind: 'window'};

/** What is shown before anybody asks: the classes of the largest confusions. */
export function worstDetail(cells: Cells, positions: Int32Array): Detail {
  const classes = inOrder(mostConfused(cells, DETAIL_CLASSES), positions);
  return {kind: 'worst', classes, caption: `the ${classes.length} classes most often confused`};
}

/** Classes whose name holds the text; if none does, those that match it as a pattern. */
export function findClasses(names: readonly string[], query: string): number[] {
  const plain = query.trim().toLowerCase();
  if (plain === '') return [];
  const matches = (test: (name: string) => boolean) =>
    names.flatMap((name, index) => (test(name.toLowerCase()) ? [index] : []));
  const literal = matches((name) => name.includes(plain));
  const pattern = literal.length > 0 ? null : compile(plain);
  return pattern ? matches((name) => pattern.test(name)) : literal;
}

function compile(text: string): RegExp | null {
  try {
    return new RegExp(text, 'u');
  } catch {
    return null;
  }
}

/**
 * What a search shows: the classes found; of one alone, it and what it is confused with.
 *
 * Args:
 *   title: How the classes are named in the caption: what was typed, or the one's name.
 */
export function foundDetail(
  cells: Cells,
  positions: Int32Array,
  found: readonly number[],
  title: (index: number) => string,
  query: string,
): Detail | null {
  const [only] = found;
  if (only === undefined) return null;
  if (found.length === 1) {
    const others = confusedWith(cells, only, DETAIL_CLASSES - 1);
    const rest = inOrder(new Set(others), positions);
    const caption =
      others.length === 0
        ? `${title(only)}: never confused with another class`
        : `${title(only)} and the ${others.length} it is most confused with`;
    return {kind: 'found', classes: Uint32Array.from([only, ...rest]), caption};
  }
  const cut = found.slice(0, MOST_FOUND);
  const caption =
    found.length > cut.length
      ? `first ${cut.length} of ${found.length.toLocaleString('en-US')} that match \u201c${query}\u201d`
      : `${found.length} classes that match \u201c${query}\u201d`;
  return {kind: 'found', classes: inOrder(new Set(cut), positions), caption};
}

function inOrder(classes: ReadonlySet<number>, positions: Int32Array): Uint32Array {
  return Uint32Array.from(classes).sort(
    (a, b) => (positions[a] as number) - (positions[b] as number),
  );
}
