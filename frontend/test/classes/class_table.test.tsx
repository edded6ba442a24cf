import {cleanup, fireEvent, render, screen, within} from '@testing-library/preact';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {MatrixHeader} from '../../src/api/types.ts';
import {ClassTable} from '../../src/classes/class_table.tsx';
import {chosenClasses, spot, tableSort} from '../../src/classes/state.ts';
import {headerOf} from './samples.ts';

const XSS = '<img src=x onerror=alert(1)>';
const MATRIX = [
  [8, 2, 0, 0],
  [4, 6, 0, 0],
  [0, 0, 0, 0],
  [3, 0, 0, 0],
];

beforeEach(() => {
  tableSort.value = 'f1.up';
  chosenClasses.value = null;
  spot.value = null;
});
afterEach(cleanup);

function show(header: MatrixHeader, before: MatrixHeader | null = null) {
  return render(<ClassTable header={header} before={before} drawn={[0]} steps={null} />);
}

function classRows(): string[] {
  return [...document.querySelectorAll('tr[data-class]')].map(
    (row) => row.getAttribute('data-class') ?? '',
  );
}

test('averages stand on top, then the classes, worst F1 first', () => {
  show(headerOf(MATRIX));
  const names = screen.getAllByRole('rowheader').map((cell) => cell.textContent);
  expect(names).toEqual(['macro', 'micro', 'weighted', 'class 3', 'class 0', 'class 1', 'class 2']);
});

test('a click on a title sorts by it, a second one turns round, undefined stays last', () => {
  show(headerOf(MATRIX));
  fireEvent.click(screen.getByRole('button', {name: 'Recall'}));
  expect(classRows()).toEqual(['3', '1', '0', '2']);
  fireEvent.click(screen.getByRole('button', {name: 'Recall'}));
  expect(classRows()).toEqual(['0', '1', '3', '2']);
  expect(screen.getByRole('columnheader', {name: 'Recall'}).getAttribute('aria-sort')).toBe(
    'descending',
  );
});

test('every number bears the float64 of the answer', () => {
  const header = headerOf(MATRIX);
  show(header);
  const row = document.querySelector('tr[data-class="1"]') as HTMLElement;
  const values = [...row.querySelectorAll('[data-value]')].map((cell) =>
    Number(cell.getAttribute('data-value')),
  );
  const {support, precision, recall, f1} = header.per_class;
  expect(values).toEqual([support[1], precision[1], recall[1], f1[1]]);
});

test('an undefined score is a dash with its reason and has no number', () => {
  show(headerOf(MATRIX));
  const row = document.querySelector('tr[data-class="3"]') as HTMLElement;
  expect(within(row).getByTitle('never predicted').textContent).toContain('\u2014');
  expect(row.querySelectorAll('[data-value]')).toHaveLength(3); // support, recall, F1
});

test('names are text: markup stays markup to read, and a bidi override is made visible', () => {
  const names = [XSS, '\u202eabc', 'x'.repeat(1_000), ''];
  const {container} = show(headerOf(MATRIX, {class_names: names}));
  expect(container.querySelector('img')).toBeNull();
  expect(container.textContent).toContain(XSS);
  expect(container.textContent).toContain('U+202E');
  expect(container.textContent).not.toContain('x'.repeat(300));
  expect(container.textContent).toContain('(empty name)');
});

test('a click on a class draws or removes its curve', () => {
  show(headerOf(MATRIX));
  fireEvent.click(screen.getByRole('button', {name: 'class 1'}));
  expect(chosenClasses.value).toEqual([0, 1]);
  expect(screen.getByRole('button', {name: 'class 0'}).getAttribute('aria-pressed')).toBe('true');
  fireEvent.click(screen.getByRole('button', {name: 'class 0'}));
  expect(chosenClasses.value).toEqual([]);
});

test('pointing at a cell of the matrix tints the rows of both its classes', () => {
  show(headerOf(MATRIX));
  spot.value = {truth: 0, guess: 3, from: 'matrix'};
  const tinted = [...document.querySelectorAll('tr.spot')].map((row) =>
    row.getAttribute('data-class'),
  );
  expect(tinted.toSorted()).toEqual(['0', '3']);
  spot.value = null;
  expect(document.querySelectorAll('tr.spot')).toHaveLength(0);
});

test('a change beyond the noise has an arrow, one within has none', () => {
  const before = headerOf([
    [8, 2, 0, 0],
    [9, 1, 0, 0],
    [0, 0, 0, 0],
    [3, 0, 0, 0],
  ]);
  show(headerOf(MATRIX), {...before, step: 20});
  const cell = (index: number) =>
    document.querySelector(`tr[data-class="${index}"]`)?.lastElementChild as HTMLElement;
  expect(cell(1).textContent).toContain('\u25b2');
  expect(cell(3).textContent).toBe('0.000');
  expect(cell(2).textContent).toContain('\u2014');
  expect(screen.getByRole('button', {name: '\u0394 since 20'})).toBeTruthy();
});

test('of ten thousand classes only the rows in view exist', () => {
  const classes = 10_000;
  const column = new Array<number>(classes).fill(0.5);
  const header = headerOf([[1]]);
  const per_class = Object.fromEntries(
    Object.keys(header.per_class).map((key) => [key, column]),
  ) as unknown as MatrixHeader['per_class'];
  const class_names = Array.from({length: classes}, (_, index) => `class ${index}`);
  show({...header, classes, class_names, per_class});
  expect(classRows().length).toBeLessThan(60);
  expect(screen.getByRole('table').getAttribute('aria-rowcount')).toBe('10004');
});

test('rows logged as shares have no supports and no intervals, and say so', () => {
  const header = headerOf(MATRIX, {normalised: true});
  const none = MATRIX.map(() => null);
  show({...header, per_class: {...header.per_class, support: none, recall_low: none}});
  expect(screen.getByText('no intervals: examples were not counted')).toBeTruthy();
  expect(screen.getAllByTitle('rows were logged as shares').length).toBeGreaterThanOrEqual(4);
});

test('the passport says which definition is used and what the other would say', () => {
  const header = headerOf(MATRIX);
  const {container} = show({
    ...header,
    passport: {...header.passport, classes_present: 3, macro_f1_all_classes: 0.1234},
  });
  const text = container.querySelector('.passport')?.textContent;
  expect(text).toContain('macro F1 is the mean of class F1');
  expect(text).toContain('With 1 absent class counted as 0: 0.1234.');
});
