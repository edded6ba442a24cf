import {describe, expect, test} from 'vitest';
import type {MatrixHeader} from '../../src/api/types.ts';
import {
  barParts,
  labelCounts,
  labelsEach,
  longestBar,
  someUnknown,
} from '../../src/classes/label_counts.ts';
import {matrixAnswer} from '../fixtures.ts';

const {header} = matrixAnswer('matrix_multilabel');

describe('the counts of a label', () => {
  test('are its 2 x 2 matrix, as the server counted it', () => {
    for (let index = 0; index < header.classes; index++) {
      const counts = labelCounts(header, index);
      if (!counts) throw new Error('no counts');
      const {hits, missed, wrong, rest, support, predicted, examples} = counts;
      expect(hits + missed).toBe(support);
      expect(hits + wrong).toBe(predicted);
      expect(hits + missed + wrong + rest).toBe(examples);
      expect(hits).toBe(header.per_class.true_positives[index]);
    }
    expect(labelCounts(header, 1)?.examples).toBe(50); // ten are not known
    expect(someUnknown(header)).toBe(true);
  });

  test('are missing where the counts of a step are', () => {
    const none = header.per_class.support.map(() => null);
    const without: MatrixHeader = {...header, per_class: {...header.per_class, support: none}};
    expect(labelCounts(without, 0)).toBeNull();
    expect(labelsEach(without)).toBeNull();
    expect(longestBar(without)).toBe(0);
    expect(labelCounts(matrixAnswer().header, 0)).toBeNull(); // another task
  });

  test('say how many labels an example has', () => {
    expect(labelsEach(header)).toBeCloseTo(30 / 60 + (labelCounts(header, 1)?.support ?? 0) / 50);
  });
});

describe('a bar', () => {
  const counts = {
    hits: 6,
    missed: 2,
    wrong: 2,
    rest: 90,
    support: 8,
    predicted: 8,
    examples: 100,
  };

  test('is filled by the shares of what concerns its label', () => {
    expect(barParts(counts, 'share', 100)).toEqual({missed: 0.2, hits: 0.6, wrong: 0.2});
  });

  test('is as long as its counts on the scale of all', () => {
    expect(barParts(counts, 'count', 20)).toEqual({missed: 0.1, hits: 0.3, wrong: 0.1});
    expect(longestBar(header)).toBeGreaterThan(0);
  });

  test('is not drawn of a label that nobody has and that was never predicted', () => {
    const never = {...counts, hits: 0, missed: 0, wrong: 0, support: 0, predicted: 0};
    expect(barParts(never, 'share', 20)).toBeNull();
    expect(barParts(never, 'count', 0)).toBeNull();
  });
});
