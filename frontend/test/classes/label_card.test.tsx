import {cleanup, render, screen, within} from '@testing-library/preact';
import userEvent from '@testing-library/user-event';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {MatrixHeader} from '../../src/api/types.ts';
import {ClassTable} from '../../src/classes/class_table.tsx';
import {LabelCard} from '../../src/classes/label_card.tsx';
import {barScale, chosenLabel, NONE, tableSort} from '../../src/classes/state.ts';
import {visibleName} from '../../src/elements/format.ts';
import {matrixAnswer} from '../fixtures.ts';

const {header} = matrixAnswer('matrix_multilabel');
const HOSTILE = '<img src=x onerror=alert(1)>';

function show(shown: MatrixHeader = header) {
  const order = Uint32Array.from({length: shown.classes}, (_, index) => index);
  return render(
    <LabelCard
      header={shown}
      order={order}
      names={(index) => visibleName(shown.class_names[index] ?? '')}
      stale={false}
    />,
  );
}

const list = () => screen.getByRole('listbox', {name: 'Labels'});
const chosenName = () => list().querySelector('[aria-selected=true] > :first-child')?.textContent;

beforeEach(() => {
  chosenLabel.value = NONE;
  barScale.value = 'share';
  tableSort.value = 'f1.up';
});
afterEach(cleanup);

describe('the labels', () => {
  test('begin with the worst one, and show its 2 x 2 matrix', () => {
    show();
    const worst = header.per_class.f1.reduce<number>(
      (least, f1, index, all) =>
        f1 !== null && f1 < (all[least] ?? Number.POSITIVE_INFINITY) ? index : least,
      0,
    );
    expect(chosenName()).toBe(header.class_names[worst]);
    const matrix = screen.getByRole('region', {name: `Label ${header.class_names[worst]}`});
    const cells = [...matrix.querySelectorAll('.cell')].map((cell) =>
      Number(cell.getAttribute('data-value')),
    );
    expect(cells.reduce((a, b) => a + b)).toBe(header.per_class.examples?.[worst]);
    expect(cells[0]).toBe(header.per_class.true_positives[worst]);
    expect(matrix.textContent).toMatch(/recall 0\.\d{3}/);
  });

  test('are chosen by a click, by the arrows, and by a link', async () => {
    show();
    await userEvent.click(within(list()).getByRole('option', {name: /^car/}));
    expect(chosenLabel.value).toBe(1);
    list().focus();
    await userEvent.keyboard('{ArrowUp}');
    expect(chosenLabel.value).toBe(0);
    await userEvent.keyboard('{End}');
    expect(chosenLabel.value).toBe(2);
    expect(chosenName()).toBe('tram');
    expect(screen.getByRole('region', {name: 'Label tram'}).textContent).toContain('precision —');
  });

  test('that never occur say so instead of a bar', () => {
    show();
    const tram = within(list()).getByRole('option', {name: /^tram/});
    expect(tram.textContent).toContain('never true, never predicted');
    expect(tram.querySelector('.label-bar')).toBeNull();
  });

  test('are text, never markup', () => {
    const {container} = show({...header, class_names: [HOSTILE, '\u202e', '']});
    expect(container.querySelector('img')).toBeNull();
    expect(container.textContent).toContain(HOSTILE);
    expect(container.textContent).toContain('U+202E');
  });

  test('say so where the counts of a step are not there', () => {
    const none = [null, null, null];
    show({
      ...header,
      per_class: {...header.per_class, true_positives: none, support: none, predicted: none},
    });
    expect(screen.getByText('The counts of this step are not there')).toBeTruthy();
    expect(screen.queryByRole('listbox')).toBeNull();
  });

  test('by the thousand exist only where they are in view', () => {
    const many = 5_000;
    const fill = (value: number) => Array.from({length: many}, () => value);
    const columns = Object.fromEntries(
      Object.keys(header.per_class).map((key) => [key, fill(1)]),
    ) as unknown as MatrixHeader['per_class'];
    show({
      ...header,
      classes: many,
      class_names: fill(0).map((_, index) => `label ${index}`),
      per_class: {...columns, examples: fill(9)},
    });
    expect(within(list()).getAllByRole('option').length).toBeLessThan(60);
    expect(list().firstElementChild?.getAttribute('style')).toContain(`${many * 26}px`);
  });
});

test('the table has the predictions, and of how many examples a label is known', () => {
  render(<ClassTable header={header} before={null} drawn={[]} steps={null} />);
  expect(screen.getByRole('heading', {name: 'Per label'})).toBeTruthy();
  const titles = screen.getAllByRole('columnheader').map((head) => head.textContent);
  expect(titles).toEqual([
    'Label',
    'Support',
    'Predicted',
    'Known of',
    'Precision',
    'Recall',
    'F1',
  ]);
  const car = document.querySelector('tr[data-class="1"]');
  const values = [...(car?.querySelectorAll('.number') ?? [])].map((cell) => cell.textContent);
  const {support, predicted, examples} = header.per_class;
  expect(values).toEqual([support[1], predicted[1], examples?.[1]].map(String));
  const macro = screen.getByRole('rowheader', {name: 'macro'}).closest('tr');
  expect(macro?.querySelector('.number')?.textContent).toBe(
    String((support[0] ?? 0) + (support[1] ?? 0)),
  );
  expect(macro?.querySelector('.score')?.getAttribute('title')).toContain('no interval');
});
