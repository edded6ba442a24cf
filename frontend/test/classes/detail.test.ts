import {describe, expect, test} from 'vitest';
import {findClasses, foundDetail, worstDetail} from '../../src/classes/detail.ts';
import {positionsOf} from '../../src/classes/order.ts';
import {cellsOf} from './samples.ts';

const NAMES = ['Norfolk terrier', 'Norwich terrier', 'tabby', 'a+b', '(other'];
const CELLS = cellsOf([
  [30, 20, 0, 0, 0],
  [3, 47, 0, 0, 0],
  [0, 0, 50, 0, 0],
  [0, 0, 1, 49, 0],
  [0, 0, 0, 0, 50],
]);
const POSITIONS = positionsOf([4, 3, 2, 1, 0], 5);

describe('finding classes', () => {
  test('by a part of the name, whatever its case', () => {
    expect(findClasses(NAMES, 'TERRIER')).toEqual([0, 1]);
  });

  test('by a pattern', () => {
    expect(findClasses(NAMES, 'norfolk|tabby')).toEqual([0, 2]);
  });

  test('by text that is no pattern', () => {
    expect(findClasses(NAMES, '(other')).toEqual([4]);
    expect(findClasses(NAMES, 'a+b')).toEqual([3]);
  });

  test('by nothing finds nothing', () => {
    expect(findClasses(NAMES, '  ')).toEqual([]);
  });
});

test('one class that was found is shown with those it is confused with', () => {
  const detail = foundDetail(CELLS, POSITIONS, [0], (index) => NAMES[index] as string, 'norfolk');
  expect(detail).toMatchObject({caption: 'Norfolk terrier and the 1 it is most confused with'});
  expect(detail?.kind === 'found' && [...detail.classes]).toEqual([0, 1]);
});

test('several that were found stand in the order of the matrix', () => {
  const detail = foundDetail(CELLS, POSITIONS, [0, 1, 2], () => '', 'r');
  expect(detail?.kind === 'found' && [...detail.classes]).toEqual([2, 1, 0]);
});

test('a search that finds nothing shows nothing of its own', () => {
  expect(foundDetail(CELLS, POSITIONS, [], () => '', 'zebra')).toBeNull();
});

test('at first the most confused classes are shown', () => {
  const detail = worstDetail(CELLS, POSITIONS);
  expect(detail.kind === 'worst' && [...detail.classes]).toEqual([3, 2, 1, 0]);
});
