import {describe, expect, test} from 'vitest';
import {wilson} from '../../src/classes/interval.ts';
import {
  cellStory,
  cellText,
  notices,
  percent,
  spokenCell,
  textOf,
} from '../../src/classes/words.ts';
import {cellsOf, headerOf} from './samples.ts';

const NAMES = ['four', 'nine', '<img src=x onerror=alert(1)>'];
const CELLS = cellsOf([
  [910, 62, 10],
  [24, 958, 27],
  [0, 0, 0],
]);
const subject = (truth: number, guess: number) => ({
  truth,
  guess,
  names: (index: number) => NAMES[index] as string,
  weighted: false,
  bound: 0,
  normalised: false,
});

test('a miss is told as a sentence', () => {
  expect(textOf(cellStory(CELLS, subject(0, 1)).sentence)).toBe(
    'Of 982 true four, 62 were taken for nine.',
  );
});

test('a hit is told as a sentence', () => {
  expect(textOf(cellStory(CELLS, subject(1, 1)).sentence)).toBe(
    'Of 1,009 true nine, 958 were predicted as such.',
  );
});

describe('where cells are known to within a bound', () => {
  const near = (truth: number, guess: number) => ({...subject(truth, guess), bound: 12});

  test('a miss is a range, and so are its shares', () => {
    const {sentence, shares} = cellStory(CELLS, near(0, 1));
    expect(textOf(sentence)).toBe('Of 982 true four, 62 to 74 were taken for nine.');
    expect(shares[0]).toEqual({of: 'of all true four', percent: '6.3 \u2013 7.5 %', interval: ''});
    expect(spokenCell(CELLS, near(0, 1))).toContain('at least 62 of 982');
  });

  test('an empty cell may not be empty', () => {
    const sentence = textOf(cellStory(cellsOf([[5, 0], [1, 5]]), near(0, 1)).sentence); // biome-ignore format: a matrix
    expect(sentence).toBe('Of 5 true four, 0 to 12 were taken for nine.');
  });

  test('a hit is exact', () => {
    const {sentence, shares} = cellStory(CELLS, near(1, 1));
    expect(textOf(sentence)).toBe('Of 1,009 true nine, 958 were predicted as such.');
    expect(shares[0]?.interval).not.toBe('');
  });
});

describe('what must be known before a number is believed', () => {
  const matrix = [
    [8, 2],
    [1, 9],
  ];

  test('is nothing where all is in order', () => {
    expect(notices(headerOf(matrix))).toEqual([]);
  });

  test.each([
    [{nan: 1}, '1 example had NaN scores and is left out of every number here.'],
    [{nan: 1200}, '1,200 examples had NaN scores and are left out of every number here.'],
    [{ignored: 1}, '1 example was left out on purpose, by ignore_index.'],
    [{ignored: 40, task: 'multilabel'}, '40 labels were left out on purpose, by ignore_index.'],
    [{error_bound: 12}, 'may stand for up to 12 more. Scores, supports and the sums'],
    [{dropped: 1}, '1 record of this run could not be written'],
    [{dropped: 3}, '3 records of this run could not be written'],
    [{total: 0}, 'This evaluation saw no examples'],
  ] as const)('is one sentence of %o', (changes, words) => {
    const said = notices(headerOf(matrix, changes));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(words);
  });
});

test('an empty cell and a class without examples are told apart', () => {
  const cells = cellsOf([
    [5, 0],
    [0, 0],
  ]);
  const tell = (truth: number, guess: number) =>
    textOf(cellStory(cells, subject(truth, guess)).sentence);
  expect(tell(0, 1)).toBe('Of 5 true four, none were taken for nine.');
  expect(tell(1, 0)).toBe('No example is nine.');
});

test('shares of the row and of the column come with their intervals', () => {
  expect(cellStory(CELLS, subject(0, 1)).shares).toEqual([
    {of: 'of all true four', percent: '6.3 %', interval: '95 %: 5.0 \u2013 8.0'},
    {of: 'of all predicted nine', percent: '6.1 %', interval: '95 %: 4.8 \u2013 7.7'},
  ]);
});

test('weights and shares get no interval: they are not counts of examples', () => {
  const weighted = cellStory(CELLS, {...subject(0, 1), weighted: true});
  expect(weighted.shares.every(({interval}) => interval === '')).toBe(true);
  const rows = cellsOf([
    [0.9, 0.1],
    [0.2, 0.8],
  ]);
  const story = cellStory(rows, {...subject(0, 1), normalised: true});
  expect(textOf(story.sentence)).toBe('True four was taken for nine in 10.0 % of its cases.');
  expect(story.shares).toEqual([]);
});

test('a name with markup is a part of its own and nothing but text', () => {
  const {sentence} = cellStory(CELLS, subject(0, 2));
  expect(sentence).toContainEqual({text: '<img src=x onerror=alert(1)>', role: 'name'});
});

test('a screen reader hears both axes, the count and the share', () => {
  expect(spokenCell(CELLS, subject(0, 1))).toBe('true four, predicted nine: 62 of 982 (6.3 %)');
  expect(spokenCell(CELLS, subject(2, 0))).toBe(
    'true <img src=x onerror=alert(1)>, predicted four: no true examples',
  );
});

describe('per cent', () => {
  test.each([
    [0, '0'],
    [1, '100'],
    [0.063, '6.3'],
    [0.0004, '0.04'],
    [0.00001, '< 0.01'],
    [0.9996, '99.96'],
    [0.999999, '99.99'],
  ])('%d reads %s: what is not all is never rounded to all', (share, text) => {
    expect(percent(share)).toBe(text);
  });
});

test('counts in cells are shortened, shares are not', () => {
  expect(cellText(1_135, 'count')).toBe('1,135');
  expect(cellText(123_456, 'count')).toBe('123K');
  expect(cellText(0.986, 'row')).toBe('98.6');
});

describe('the Wilson interval', () => {
  // statsmodels.stats.proportion.proportion_confint(k, n, method="wilson")
  test.each([
    [62, 982, 0.04956, 0.08015],
    [0, 50, 0, 0.07135],
    [50, 50, 0.92865, 1],
    [1, 2, 0.09453, 0.90547],
  ])('of %i in %i is as statsmodels has it', (successes, trials, low, high) => {
    const interval = wilson(successes, trials);
    expect(interval?.[0]).toBeCloseTo(low, 4);
    expect(interval?.[1]).toBeCloseTo(high, 4);
  });

  test('of no trials is none', () => {
    expect(wilson(0, 0)).toBeNull();
  });
});
