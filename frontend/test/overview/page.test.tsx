import {cleanup, render, screen, waitFor, within} from '@testing-library/preact';
import userEvent from '@testing-library/user-event';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {listing} from '../../src/api/client.ts';
import type {OverviewRow} from '../../src/api/types.ts';
import {OverviewPage} from '../../src/overview/index.tsx';
import {WORST_FIRST} from '../../src/overview/sort.ts';
import {order} from '../../src/overview/table.tsx';
import {chosenRun, hiddenRuns, runFilter} from '../../src/state/runs.ts';
import {page} from '../../src/state/view.ts';
import {listingAnswer, overviewAnswer} from '../fixtures.ts';

let tokens = 0;

/** Shows the page on the fixture's answer, changed. */
function show(change: (row: OverviewRow, at: number) => OverviewRow = (row) => row) {
  const known = {...listingAnswer(), token: `token ${tokens++}`};
  const answer = overviewAnswer();
  vi.stubGlobal(
    'fetch',
    async () => new Response(JSON.stringify({...answer, rows: answer.rows.map(change)})),
  );
  listing.value = known;
  return render(<OverviewPage />);
}

beforeEach(() => {
  page.value = 'overview';
  chosenRun.value = '';
  runFilter.value = '';
  hiddenRuns.value = [];
  order.value = WORST_FIRST;
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const HOSTILE = '<img src=x onerror=alert(1)>';

describe('the overview', () => {
  test('has a row for each of the answer’s, under a head that sorts', async () => {
    show();
    const table = await screen.findByRole('table');
    expect(within(table).getAllByRole('row')).toHaveLength(overviewAnswer().rows.length + 1);
    const head = within(table).getByRole('columnheader', {name: /^Gap/});
    expect(head.getAttribute('aria-sort')).toBe('none');
    await userEvent.click(within(head).getByRole('button'));
    expect(order.value).toEqual({column: 'gap', reversed: false});
    await waitFor(() => expect(head.getAttribute('aria-sort')).toBe('ascending'));
  });

  test('shows names as text, never as markup', async () => {
    const {container} = show((row) => ({
      ...row,
      run: HOSTILE,
      split: HOSTILE,
      head: HOSTILE,
      worst_class: {index: 0, name: HOSTILE, f1: 0.1, read_as: HOSTILE, read_as_share: 0.5},
      alerts: [{kind: HOSTILE, text: HOSTILE}],
    }));
    await screen.findByRole('table');
    expect(container.querySelector('img')).toBeNull();
    expect(container.textContent).toContain(HOSTILE);
  });

  test('says what was not logged, and never 0 instead', async () => {
    show((row) => ({
      ...row,
      f1_macro: null,
      accuracy: null,
      worst_class: null,
      loss: null,
      gap: null,
    }));
    const table = await screen.findByRole('table');
    const [, first] = within(table).getAllByRole('row');
    expect(first?.querySelector('.cell-accuracy')?.textContent).toBe('not logged');
    expect(first?.querySelector('.cell-gap')?.textContent).toBe('');
  });

  test('does not say that nothing stands out above a sentence on what does', async () => {
    const answer = overviewAnswer();
    const item = {
      run: 'a',
      name: 'validation',
      page: 'classes',
      state: 'nan_scores',
      text: '3 examples with NaN scores.',
      advice: '',
    };
    const counts = {act: 0, fine: 1, unknown: 0};
    vi.stubGlobal(
      'fetch',
      async () => new Response(JSON.stringify({...answer, counts, attention: [item]})),
    );
    listing.value = {...listingAnswer(), token: `token ${tokens++}`};
    render(<OverviewPage />);
    expect(await screen.findByRole('heading', {name: 'Look at 1 run'})).toBeTruthy();
  });

  test('gives an undefined value an em dash and its reason', async () => {
    show((row) => ({...row, accuracy: {value: null, low: null, high: null}}));
    const table = await screen.findByRole('table');
    const cell = table.querySelector('.cell-accuracy');
    expect(cell?.textContent).toMatch(/^—undefined: \S/);
  });

  test('says of an empty evaluation that it had no examples', async () => {
    const none = {value: null, low: null, high: null};
    show((row) => ({...row, examples: 0, f1_macro: none, accuracy: none, worst_class: null}));
    const table = await screen.findByRole('table');
    for (const column of ['f1_macro', 'accuracy', 'worst_class']) {
      expect(table.querySelector(`.cell-${column}`)?.textContent).toBe('no examples');
    }
  });

  test('calls the accuracy of a multi-label task what it is', async () => {
    show((row) => ({...row, task: 'multilabel', accuracy: {value: 0.5, low: 0.4, high: 0.6}}));
    const table = await screen.findByRole('table');
    const cell = table.querySelector('.cell-accuracy');
    expect(cell?.textContent).toBe('0.500exact match');
    expect(cell?.querySelector('[title]')?.getAttribute('title')).toContain('0.400–0.600');
  });

  test('shows the hits among the k best scores where they were counted', async () => {
    show((row) => ({...row, task: 'multiclass', top_k: {k: 5, accuracy: 0.934}}));
    const table = await screen.findByRole('table');
    expect(table.querySelector('.cell-accuracy')?.textContent).toContain('top-5 0.934');
  });

  test('opens the page that explains a verdict, on its run', async () => {
    show();
    const table = await screen.findByRole('table');
    const chip = within(table).getAllByRole('button', {name: /validation loss rose/})[0]!;
    const run = chip.closest('tr')?.querySelector('.run-name')?.textContent;
    await userEvent.click(chip);
    expect(page.value).toBe('fit');
    expect(chosenRun.value).toBe(run);
  });

  test('says why it is empty when the filter hides all runs, and how to undo it', async () => {
    show();
    runFilter.value = 'no such run';
    await userEvent.click(await screen.findByRole('button', {name: 'Show all runs'}));
    expect(runFilter.value).toBe('');
  });

  test('says a failure in place and tries again', async () => {
    listing.value = {...listingAnswer(), token: `token ${tokens++}`};
    let failing = true;
    vi.stubGlobal('fetch', async () =>
      failing
        ? new Response(JSON.stringify({version: 1, error: 'the disk is on fire'}), {status: 400})
        : new Response(JSON.stringify(overviewAnswer())),
    );
    render(<OverviewPage />);
    expect((await screen.findByRole('alert')).textContent).toContain('the disk is on fire');
    failing = false;
    await userEvent.click(screen.getByRole('button', {name: 'Try again'}));
    expect(await screen.findByRole('table')).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
