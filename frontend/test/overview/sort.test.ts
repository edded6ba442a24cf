import {describe, expect, test} from 'vitest';
import type {OverviewRow} from '../../src/api/types.ts';
import {overviewMarkdown} from '../../src/overview/markdown.ts';
import {COLUMNS, compare, sortRuns, WORST_FIRST} from '../../src/overview/sort.ts';
import {overviewAnswer} from '../fixtures.ts';

const template = overviewAnswer().rows[0]!;

function row(run: string, changes: Partial<OverviewRow>): OverviewRow {
  return {...template, run, first_of_run: true, ...changes};
}

const runsOf = (groups: readonly (readonly OverviewRow[])[]) => groups.map((rows) => rows[0]?.run);
const score = (value: number | null) => ({value, low: null, high: null});

describe('sorting', () => {
  test.each([false, true])('puts what is undefined last, reversed or not: %s', (reversed) => {
    const rows = [
      row('none', {f1_macro: null}),
      row('undefined', {f1_macro: score(null)}),
      row('low', {f1_macro: score(0.1)}),
      row('high', {f1_macro: score(0.9)}),
    ];
    const sorted = runsOf(sortRuns(rows, {column: 'f1_macro', reversed}));
    expect(sorted.slice(2)).toEqual(['none', 'undefined']);
    expect(sorted[0]).toBe(reversed ? 'high' : 'low');
  });

  test('keeps the rows of a run together under its first', () => {
    const rows = [
      row('a', {gap: 0.1}),
      row('a', {name: 'test', gap: 0.9, first_of_run: false}),
      row('b', {gap: 0.5}),
    ];
    const groups = sortRuns(rows, {column: 'gap', reversed: false});
    expect(groups.map((group) => group.map(({run, name}) => `${run} ${name}`))).toEqual([
      [`b ${template.name}`],
      [`a ${template.name}`, 'a test'],
    ]);
  });

  test('begins with the runs that need somebody, the strongest rise first', () => {
    const verdict = (tier: 'act' | 'fine' | 'unknown', rise: number | null = 0) => ({
      ...template.verdict!,
      tier,
      rise,
    });
    const rows = [
      row('fine', {verdict: verdict('fine'), f1_macro: score(0.9)}),
      row('fine, but low', {verdict: verdict('fine'), f1_macro: score(0.4)}),
      row('unknown', {verdict: verdict('unknown')}),
      row('rose a little', {verdict: verdict('act', 0.1)}),
      row('rose a lot', {verdict: verdict('act', 2)}),
      row('ended in NaN', {verdict: verdict('act', null)}),
      row('not judged', {verdict: null}),
    ];
    expect(runsOf(sortRuns(rows, WORST_FIRST))).toEqual([
      'ended in NaN',
      'rose a lot',
      'rose a little',
      'unknown',
      'fine, but low',
      'fine',
      'not judged',
    ]);
  });

  test('reads numbers in names as numbers', () => {
    const rows = ['run10', 'run9', 'run1'].map((run) => row(run, {}));
    expect(runsOf(sortRuns(rows, {column: 'run', reversed: false}))).toEqual([
      'run1',
      'run9',
      'run10',
    ]);
  });

  test.each(COLUMNS)('by %s loses no row', (column) => {
    const {rows} = overviewAnswer();
    expect(sortRuns(rows, {column, reversed: true}).flat()).toHaveLength(rows.length);
  });

  test('treats NaN as undefined', () => {
    expect(compare(Number.NaN, 1, false)).toBeGreaterThan(0);
    expect(compare(1, Number.NaN, true)).toBeLessThan(0);
  });
});

describe('the table as Markdown', () => {
  test('has a line per row and as many cells in each', () => {
    const {rows} = overviewAnswer();
    const lines = overviewMarkdown(rows).trimEnd().split('\n');
    expect(lines).toHaveLength(rows.length + 2);
    const cells = lines.map((line) => line.replaceAll('\\|', '').split('|').length);
    expect(new Set(cells).size).toBe(1);
  });

  test('lets no name become markup', () => {
    const markdown = overviewMarkdown([row('<img src=x>|[a](b)*c*`d`\n', {})]);
    expect(markdown).toContain('\\<img src=x\\>\\|\\[a\\]\\(b\\)\\*c\\*\\`d\\`⏎');
    expect(markdown.trimEnd().split('\n')).toHaveLength(3);
  });
});
