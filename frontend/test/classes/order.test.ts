import {expect, test} from 'vitest';
import {orderOf, positionsOf, sortedBy, sortedByName} from '../../src/classes/order.ts';

test('undefined values come last in both directions', () => {
  const values = [0.5, null, 0.1, Number.NaN, 0.9];
  expect([...sortedBy(values, 1)]).toEqual([2, 0, 4, 1, 3]);
  expect([...sortedBy(values, -1)]).toEqual([4, 0, 2, 1, 3]);
});

test('equal values keep the order of their classes, whichever way', () => {
  expect([...sortedBy([1, 1, 0, 1], 1)]).toEqual([2, 0, 1, 3]);
  expect([...sortedBy([1, 1, 0, 1], -1)]).toEqual([0, 1, 3, 2]);
});

test('names sort as a reader expects numbers in them to', () => {
  const names = ['class 10', 'class 9', 'Class 1'];
  expect([...sortedByName(names, 1)]).toEqual([2, 1, 0]);
  expect([...sortedByName(names, -1)]).toEqual([0, 1, 2]);
});

test('an order by support puts the most frequent class first, by F1 the worst', () => {
  const support = [5, 50, 20];
  const f1 = [0.9, 0.4, null];
  expect([...orderOf('label', 3, support, f1)]).toEqual([0, 1, 2]);
  expect([...orderOf('support', 3, support, f1)]).toEqual([1, 2, 0]);
  expect([...orderOf('f1', 3, support, f1)]).toEqual([1, 0, 2]);
});

test('positions undo an order, and are -1 for what it leaves out', () => {
  expect([...positionsOf([2, 0], 4)]).toEqual([1, -1, 0, -1]);
});
