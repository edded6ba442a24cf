import {cleanup, render, screen} from '@testing-library/preact';
import userEvent from '@testing-library/user-event';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {listing} from '../../src/api/client.ts';
import {Bar} from '../../src/bar/bar.tsx';
import {hiddenRuns, runFilter, shownNames} from '../../src/state/runs.ts';
import {page, xAxis} from '../../src/state/view.ts';
import {listingAnswer} from '../fixtures.ts';

beforeEach(() => {
  listing.value = listingAnswer();
  page.value = 'overview';
  xAxis.value = 'step';
  runFilter.value = '';
  hiddenRuns.value = [];
});
afterEach(cleanup);

const all = () => listingAnswer().runs.map(({run}) => run);
const selectedTab = () => screen.getByRole('tab', {selected: true}).textContent;

describe('the tabs', () => {
  test('are one stop for the Tab key, and arrows move between them', async () => {
    render(<Bar />);
    await userEvent.tab();
    await userEvent.keyboard('{ArrowRight}');
    expect(selectedTab()).toBe('Classes');
    await userEvent.keyboard('{End}');
    expect(page.value).toBe('fit');
    await userEvent.keyboard('{ArrowRight}');
    expect(selectedTab()).toBe('Overview');
  });

  test('are only pages that exist', () => {
    render(<Bar />);
    expect(screen.getAllByRole('tab').map((tab) => tab.textContent)).toEqual([
      'Overview',
      'Classes',
      'Fit',
    ]);
  });
});

describe('the run filter', () => {
  test('says that half a pattern is no pattern', async () => {
    render(<Bar />);
    const box = screen.getByLabelText('Filter runs by a regular expression');
    await userEvent.type(box, '(');
    expect(box.getAttribute('aria-invalid')).toBe('true');
    const why = screen.getByRole('status').textContent;
    expect(why).toMatch(/^Not a regular expression \([^/(]+\): all runs are shown$/);
    expect(box.getAttribute('aria-describedby')).toBe(screen.getByRole('status').id);
    await userEvent.type(box, 'a)');
    expect(screen.queryByRole('status')).toBeNull();
    await userEvent.clear(box);
    expect(shownNames.value).toEqual(all());
  });

  test('lists the matched runs with a check box each, as text', async () => {
    const {container} = render(<Bar />);
    await userEvent.click(screen.getByRole('button', {name: /choose runs/}));
    expect(screen.getAllByRole('checkbox')).toHaveLength(all().length);
    expect(container.querySelector('.run-list b')).toBeNull(); // one run is called "<b>hostile"
    await userEvent.click(screen.getAllByRole('checkbox')[0]!);
    expect(shownNames.value).toEqual(all().slice(1));
  });

  test('shows only one run, none and all at a click', async () => {
    render(<Bar />);
    await userEvent.click(screen.getByRole('button', {name: /choose runs/}));
    await userEvent.click(screen.getAllByRole('button', {name: /^Show only/})[1]!);
    expect(shownNames.value).toEqual([all()[1]]);
    await userEvent.click(screen.getByRole('button', {name: 'none'}));
    expect(shownNames.value).toEqual([]);
    await userEvent.click(screen.getByRole('button', {name: 'all'}));
    expect(shownNames.value).toEqual(all());
  });

  test('closes its list with Escape, and gives the focus back', async () => {
    render(<Bar />);
    const more = screen.getByRole('button', {name: /choose runs/});
    await userEvent.click(more);
    screen.getAllByRole('checkbox')[0]!.focus();
    await userEvent.keyboard('{Escape}');
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(document.activeElement).toBe(more);
  });
});

describe('the bar', () => {
  test('offers the axis only where charts have it', async () => {
    render(<Bar />);
    const axis = () => screen.getByLabelText('Horizontal axis') as HTMLSelectElement;
    expect(axis().disabled).toBe(true);
    await userEvent.click(screen.getByRole('tab', {name: 'Fit'}));
    expect(axis().disabled).toBe(false);
    await userEvent.selectOptions(axis(), 'wall time');
    expect(xAxis.value).toBe('wall');
  });

  test('says where the shown run that was written last stands, and which it is', () => {
    const {container} = render(<Bar />);
    const newest = [...listingAnswer().runs].sort(
      (a, b) => (b.last_wall_time ?? 0) - (a.last_wall_time ?? 0),
    )[0];
    expect(container.querySelector('.freshness b')?.textContent).toBe(
      newest?.last_step?.toLocaleString('en-US'),
    );
    expect(container.querySelector('.freshness-run')?.textContent).toBe(newest?.run);
  });

  test('does not name the only run there is', () => {
    const {runs} = listingAnswer();
    listing.value = {...listingAnswer(), token: 'one', runs: runs.slice(0, 1)};
    const {container} = render(<Bar />);
    expect(container.querySelector('.freshness-run')).toBeNull();
    expect(container.querySelector('.freshness')?.textContent).toContain('last step');
  });

  test('says so when there is no run to filter', () => {
    listing.value = {...listingAnswer(), token: 'none', runs: []};
    const {container} = render(<Bar />);
    expect(container.textContent).toContain('nothing logged yet');
    expect(screen.queryByLabelText('Horizontal axis')).toBeNull();
  });
});
