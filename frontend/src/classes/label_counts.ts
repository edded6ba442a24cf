/**
 * A multi-label task's counts. Labels are not taken for each other, so there is no matrix of all
 * of them: each has one of its own, has it or not against predicted or not. Pure.
 */
import type {MatrixHeader} from '../api/types.ts';

/** The 2 x 2 matrix of one label. */
export interface LabelCounts {
  readonly hits: number;
  /** Have the label, and it was not predicted. */
  readonly missed: number;
  /** Predicted, and they do not have it. */
  readonly wrong: number;
  /** Neither have it nor were predicted to. */
  readonly rest: number;
  readonly support: number;
  readonly predicted: number;
  /** Examples of which the label is known. */
  readonly examples: number;
}

/** null where the counts of this step are not there. */
export function labelCounts(header: MatrixHeader, index: number): LabelCounts | null {
  const {
    true_positives: hit,
    support: true_,
    predicted: guessed,
    examples: known,
  } = header.per_class;
  const [hits, support, predicted] = [hit[index], true_[index], guessed[index]];
  const examples = known?.[index] ?? null;
  if (isMissing(hits) || isMissing(support) || isMissing(predicted) || examples === null) {
    return null;
  }
  const [missed, wrong] = [support - hits, predicted - hits];
  return {
    hits,
    missed,
    wrong,
    rest: Math.max(0, examples - support - wrong), // sums of weights leave a dust below 0
    support,
    predicted,
    examples,
  };
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}

/** Whether of some labels fewer examples are known than of others. */
export function someUnknown({per_class}: MatrixHeader): boolean {
  const examples = per_class.examples ?? [];
  return examples.some((count) => count !== examples[0]);
}

/** Labels an example has on average; null where the supports are not known. */
export function labelsEach(header: MatrixHeader): number | null {
  const {support, examples} = header.per_class;
  if (!examples || support.some((count) => count === null)) return null;
  let sum = 0;
  // Of a label that is known of half the examples, half the support was seen.
  for (let index = 0; index < support.length; index++) {
    const known = examples[index] ?? 0;
    if (known > 0) sum += (support[index] ?? 0) / known;
  }
  return sum;
}

/** How the bars are drawn: each label's own errors as shares, or all on one scale of examples. */
export type BarScale = 'share' | 'count';

/** A bar's parts, as shares of the width: missed, found, wrongly predicted. */
export interface BarParts {
  readonly missed: number;
  readonly hits: number;
  readonly wrong: number;
}

/** null for a label that nobody has and that was never predicted. */
export function barParts(
  {hits, missed, wrong}: LabelCounts,
  scale: BarScale,
  longest: number,
): BarParts | null {
  const whole = scale === 'share' ? hits + missed + wrong : longest;
  if (!(hits + missed + wrong > 0) || !(whole > 0)) return null;
  return {missed: missed / whole, hits: hits / whole, wrong: wrong / whole};
}

/** Examples that the longest bar stands for: those that have a label or were predicted to. */
export function longestBar(header: MatrixHeader): number {
  let longest = 0;
  for (let index = 0; index < header.classes; index++) {
    const counts = labelCounts(header, index);
    if (counts) longest = Math.max(longest, counts.support + counts.wrong);
  }
  return longest;
}
