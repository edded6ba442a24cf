import {describe, expect, test} from 'vitest';
import type {Fit, Side} from '../../src/fit/curves.ts';
import {
  between,
  byGap,
  fitsOf,
  glyphOf,
  isNotNumber,
  notNumbersText,
  valueAt,
  worst,
  xOfStep,
} from '../../src/fit/curves.ts';
import {axesOf, gridPowers, gridValues, sharedAxes} from '../../src/fit/ranges.ts';
import {fitAnswer} from '../fixtures.ts';

const answer = fitAnswer();
const fits = fitsOf(answer, 'step');
const first = fits[0]!;

function side(x: number[], value: number[]): Side {
  const numbers = Float64Array.from(x);
  return {x: numbers, step: numbers, wallTime: numbers, value: Float64Array.from(value)};
}

function fitWith(changes: Partial<Fit['info']>, key: string): Fit {
  return {...first, key, info: {...first.info, ...changes}};
}

describe('values that are not numbers', () => {
  const some = {times: 2, since_step: null};
  const to_the_end = {times: 4, since_step: 340};

  test.each([
    [{train: null, validation: null}, null],
    [
      {train: some, validation: null},
      'Train loss is not a number at 2 steps: that is the gap in its curve.',
    ],
    [
      {train: {times: 1, since_step: null}, validation: to_the_end},
      'Train loss is not a number at 1 step, validation loss since step 340: those are the gaps in the curves.',
    ],
  ])('of %o are said in a sentence', (not_numbers, sentence) => {
    expect(notNumbersText({...first.info, name: 'loss', not_numbers})).toBe(sentence);
  });

  test('are told from steps at which nothing was logged', () => {
    const one = side([1, 2, 4], [0.5, Number.NaN, 0.4]);
    expect([1, 2, 3, 4].map((x) => isNotNumber(one, x))).toEqual([false, true, false, false]);
  });

  test('are what the server found in the curves that it sent', () => {
    for (const {info, train, validation} of fits) {
      for (const [name, one] of [
        ['train', train],
        ['validation', validation],
      ] as const) {
        // biome-ignore format: pairs
        const bad = one ? [...one.value].filter((value) => !Number.isFinite(value)).length : 0;
        expect(info.not_numbers[name]?.times ?? 0).toBe(bad);
      }
    }
  });
});

describe('the answer’s curves', () => {
  test('have a best step that lies on the validation curve', () => {
    for (const fit of fits) {
      const {best} = fit.info;
      if (!best || !fit.validation) continue;
      const at = fit.validation.step.indexOf(best.step);
      expect(fit.validation.value[at]).toBe(best.value);
    }
  });

  test('begin at 0 on the axis of relative time', () => {
    for (const {train, validation} of fitsOf(answer, 'relative')) {
      const starts = [train, validation].flatMap((one) => (one ? [one.x[0]!] : []));
      expect(Math.min(...starts)).toBe(0);
    }
  });

  test('keep the clock on the axis of wall time', () => {
    const fit = fitsOf(answer, 'wall')[0]!;
    expect(fit.validation?.x).toEqual(fit.validation?.wallTime);
    expect(xOfStep(fit, fit.validation!.step[2]!)).toBe(fit.validation!.wallTime[2]);
  });
});

describe('the order', () => {
  test('is by gap, the largest first, without a gap last', () => {
    const end = (gap: number | null) => ({...first.info.end, gap});
    const some = [
      fitWith({end: end(null)}, 'none'),
      fitWith({end: end(0.1)}, 'small'),
      fitWith({end: end(2)}, 'big'),
    ];
    expect(some.sort(byGap).map(({key}) => key)).toEqual(['big', 'small', 'none']);
  });

  test('turns round where high is good', () => {
    const end = (gap: number) => ({...first.info.end, gap});
    const some = [
      fitWith({higher_is_better: true, end: end(0.1)}, 'better on validation'),
      fitWith({higher_is_better: true, end: end(-0.2)}, 'worse on validation'),
    ];
    expect(some.sort(byGap)[0]?.key).toBe('worse on validation');
  });

  test('chooses the strongest rise, else the largest gap', () => {
    const verdict = (tier: 'act' | 'fine', rise: number) => ({...first.info.verdict, tier, rise});
    const some = [
      fitWith({verdict: verdict('fine', 9)}, 'fine'),
      fitWith({verdict: verdict('act', 0.1)}, 'little'),
      fitWith({verdict: verdict('act', 0.5)}, 'much'),
    ];
    expect(worst(some)?.key).toBe('much');
    expect(worst(some.slice(0, 1))?.key).toBe('fine');
    expect(worst([])).toBeNull();
  });
});

describe('a value', () => {
  test('between two points lies on their line, beyond them nowhere', () => {
    const curve = side([10, 20], [1, 3]);
    expect(valueAt(curve, 15)).toBe(2);
    expect(valueAt(curve, 20)).toBe(3);
    expect(valueAt(curve, 5)).toBeNaN();
    expect(valueAt(curve, 25)).toBeNaN();
  });

  test('pairs with the other curve where their steps differ', () => {
    const band = between(side([0, 10, 20], [3, 2, 1]), side([0, 20], [1, 2]));
    expect(Array.from(band.low)).toEqual([1, 1.5, 1]);
    expect(Array.from(band.high)).toEqual([3, 2, 2]);
  });
});

describe('axes', () => {
  test('on a log scale show only what is above 0', () => {
    const fit = {...first, train: null, validation: side([1, 2, 3], [-1, 0, 0.5])};
    expect(axesOf([fit], true)?.y[0]).toBeGreaterThan(0);
    expect(axesOf([{...fit, validation: side([1], [-1])}], true)).toBeNull();
  });

  test('do not exist for a curve that is nowhere a number', () => {
    expect(
      axesOf([{...first, train: null, validation: side([1, 2], [Number.NaN, Number.NaN])}], false),
    ).toBeNull();
  });

  test('of the small multiples hold every ordinary curve', () => {
    const axes = sharedAxes(fits, true);
    expect(axes?.y[0]).toBeLessThan(axes?.y[1] ?? 0);
  });

  test('have one to three round grid values inside', () => {
    expect(gridValues([0, 1.3])).toEqual([1]);
    expect(gridValues([0, 2])).toEqual([1]);
    expect(gridValues([0, 0.09])).toEqual([0.05]);
    expect(gridValues([10, 33])).toEqual([20, 30]);
  });
});

test('grid lines on a log axis are powers of ten', () => {
  expect(gridPowers([-2.4, 0.3])).toEqual([-2, -1, 0]);
  expect(gridPowers([-9, 1])).toEqual([-9, -6, -3, 0]);
  expect(gridPowers([0.1, 0.4])).toEqual([]);
});

test('a loss that is no number any more has a glyph of its own', () => {
  const verdict = {...first.info.verdict, state: 'rose' as const, recent_mean: null};
  expect(glyphOf(verdict)).toBe('nan_loss');
  expect(glyphOf({...verdict, recent_mean: 1})).toBe('rose');
});
