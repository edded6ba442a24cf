import {describe, expect, test} from 'vitest';
import {spread} from '../../src/charts/labels.ts';
import {
  areaPath,
  clippedRange,
  extent,
  heights,
  linearScale,
  lowerBound,
  nearestIndex,
} from '../../src/charts/path.ts';
import {fromZero, sharedSteps, sharedTop} from '../../src/charts/shared.ts';
import {smooth} from '../../src/charts/smooth.ts';
import {stretches, svgPath, trace} from '../../src/charts/trace.ts';

const same = (value: number) => value;

describe('a path', () => {
  test('is interrupted where a value is undefined', () => {
    const path = (y: (number | null)[]) =>
      svgPath({x: y.map((_, i) => i), y}, same, same, [0, y.length]);
    expect(path([1, null, 2, 3])).toBe('M0 1M2 2L3 3');
    expect(path([Number.NaN, 2])).toBe('M1 2');
  });

  test('of an area is interrupted where either end is undefined', () => {
    const nan = Number.NaN;
    expect(stretches({low: [1, 1, nan, 1, 1, 1], high: [2, 2, 2, 2, nan, 2]})).toEqual([
      [0, 1],
      [3, 3],
      [5, 5],
    ]);
    expect(stretches({low: [nan, nan], high: [1, 1]})).toEqual([]);
    expect(stretches({low: [], high: []})).toEqual([]);
  });

  test('around an area comes back along the other curve', () => {
    const upper = {x: [0, 1], y: [2, 2]};
    const lower = {x: [0, 1], y: [0, 1]};
    expect(areaPath(upper, lower, same, same)).toBe('M0 2L1 2L1 1L0 0Z');
    expect(areaPath(upper, {x: [], y: []}, same, same)).toBe('');
  });

  test('on a scale without width lies in its middle', () => {
    expect(linearScale(3, 3, 0, 10)(3)).toBe(5);
  });
});

describe('a range', () => {
  const loss = (at: number) => 0.5 + 5 * Math.exp(-at / 3);
  const x = Array.from({length: 100}, (_, i) => i);

  test('leaves out what is not finite', () => {
    expect(extent([3, null, Number.NaN, 1], [2, Number.POSITIVE_INFINITY])).toEqual([1, 3]);
    expect(extent([null], [])).toBeNull();
  });

  test('cuts off a steep start, but never a value of the rest', () => {
    const range = clippedRange([{x, y: x.map(loss)}]);
    expect(range?.clipped).toBe(true);
    expect(range?.high).toBeLessThan(loss(0));
    expect(range?.high).toBeGreaterThan(loss(15));
  });

  test('keeps all of a curve that falls evenly', () => {
    const range = clippedRange([{x, y: x.map((at) => 100 - at)}]);
    expect(range).toEqual({low: 1, high: 100, clipped: false});
  });

  test('keeps a late rise, however high', () => {
    const y = x.map((at) => (at > 80 ? 50 : loss(at)));
    expect(clippedRange([{x, y}])?.high).toBe(50);
  });

  test('cuts off a low start where high is good', () => {
    const range = clippedRange([{x, y: x.map((at) => 1 - Math.exp(-at / 2))}], false);
    expect(range?.clipped).toBe(true);
    expect(range?.low).toBeGreaterThan(0);
  });

  test('tells where curves begin and how high their second half is', () => {
    expect(heights([{x, y: x.map(loss)}])).toEqual({start: loss(0), late: loss(50)});
    expect(heights([{x: [], y: []}])).toBeNull();
  });

  test('of a constant curve is that constant', () => {
    expect(clippedRange([{x: [0, 1], y: [2, 2]}])).toEqual({low: 2, high: 2, clipped: false});
  });
});

describe('a shared axis', () => {
  test('ends at the longest run', () => {
    expect(
      sharedSteps([
        [1, 40],
        [1, 10],
        [1, 30],
      ]),
    ).toEqual([0, 40]);
  });

  test('is given up where one run would squeeze the others', () => {
    expect(
      sharedSteps([
        [1, 50],
        [1, 60],
        [1, 50_000],
      ]),
    ).toBeNull();
  });

  const curve = (start: number, late: number) => ({start, late});

  test('is not stretched by a run that blew up', () => {
    const curves = [curve(2, 0.5), curve(2, 0.6), curve(2, 0.8), curve(2, 900)];
    expect(sharedTop([1, 1.2, 2, 900], curves)).toBeCloseTo(0.8 * 1.35);
  });

  test('shows how every run ends that fell at all, however badly', () => {
    const curves = [curve(2, 0.01), curve(2, 0.02), curve(2, 0.01), curve(2, 1.1)];
    expect(sharedTop([0.3, 0.4, 0.5, 2], curves)).toBeGreaterThan(1.1);
  });

  test('ends no higher than the highest curve', () => {
    expect(sharedTop([7], [curve(9, 7)])).toBe(7);
  });

  test('begins at zero where the first step lies near it', () => {
    expect(fromZero([20, 1200])).toEqual([0, 1200]);
    expect(fromZero([900, 1200])).toEqual([900, 1200]);
  });
});

describe('the nearest point', () => {
  test.each([
    [2.4, 1],
    [2.6, 2],
    [-5, 0],
    [99, 3],
  ])('to %s has index %s', (value, index) => {
    expect(nearestIndex([1, 2, 3, 10], value)).toBe(index);
  });

  test('of an empty list does not exist', () => {
    expect(nearestIndex([], 1)).toBe(-1);
    expect(lowerBound([], 1)).toBe(0);
  });
});

describe('smoothing', () => {
  const x = Array.from({length: 60}, (_, i) => (i + 1) * 20);

  test('leaves a straight line as it is', () => {
    const line = x.map((at) => 3 - 0.002 * at);
    const smoothed = smooth(x, line, 1);
    for (const [i, value] of smoothed.entries())
      expect(Math.abs(value / line[i]! - 1)).toBeLessThan(0.01);
  });

  test('of strength 0 changes nothing', () => {
    const noisy = x.map((_, i) => (i % 2 ? 1 : -1));
    expect(Array.from(smooth(x, noisy, 0))).toEqual(noisy);
  });

  test('takes out alternating noise', () => {
    const noisy = x.map((_, i) => 1 + (i % 2 ? 0.1 : -0.1));
    for (const value of smooth(x, noisy, 0.6).slice(8, -8))
      expect(Math.abs(value - 1)).toBeLessThan(0.02);
  });

  test('hardly leaves a steep fall of a loss', () => {
    const fall = x.map((at) => 0.1 + 3 * Math.exp(-at / 60));
    for (const [i, value] of smooth(x, fall, 0.6).entries()) {
      expect(Math.abs(Math.log(value / fall[i]!))).toBeLessThan(0.2);
    }
  });

  test('of values on both sides of 0 is linear', () => {
    const both = x.map((_, i) => i - 30);
    for (const [i, value] of smooth(x, both, 0.6).entries()) expect(value).toBeCloseTo(i - 30, 8);
  });

  test('keeps gaps, and lets them touch no neighbour', () => {
    const gappy = x.map((_, i) => (i === 30 ? Number.NaN : 2));
    const smoothed = smooth(x, gappy, 1);
    expect(smoothed[30]).toBeNaN();
    expect(smoothed[31]).toBeCloseTo(2, 10);
  });

  test('of one value is that value', () => {
    expect(Array.from(smooth([5], [7], 1))).toEqual([7]);
  });
});

describe('tracing', () => {
  function traced(y: readonly number[], width: number) {
    const strokes: string[] = [];
    const pen = (name: string) => (px: number, py: number) => strokes.push(`${name}${px},${py}`);
    const last = y.length - 1;
    trace(
      {moveTo: pen('M'), lineTo: pen('L')},
      {x: y.map((_, i) => i), y},
      (at) => (at / last) * width,
      same,
      [0, last],
    );
    return strokes;
  }

  test('draws every point where there is room', () => {
    expect(traced([1, 2, 3], 100)).toEqual(['M0,1', 'L50,2', 'L100,3']);
  });

  test('lifts the pen at NaN', () => {
    expect(traced([1, Number.NaN, 3, 4], 3)).toEqual(['M0,1', 'M2,3', 'L3,4']);
  });

  test('loses no spike where many points share a pixel', () => {
    const y = Array.from({length: 10_000}, (_, i) => (i === 4_321 ? 99 : i === 7_000 ? -99 : 0));
    const strokes = traced(y, 100);
    expect(strokes.length).toBeLessThan(500);
    expect(strokes.some((stroke) => stroke.endsWith(',99'))).toBe(true);
    expect(strokes.some((stroke) => stroke.endsWith(',-99'))).toBe(true);
  });
});

describe('labels', () => {
  const box = (wanted: number) => ({wanted, height: 10});

  test('stay where they want to be if they do not overlap', () => {
    expect(spread([box(50), box(0)], 0, 100)).toEqual([50, 0]);
  });

  test('that overlap stand around the mean of their wishes, in order', () => {
    expect(spread([box(52), box(48)], 0, 100)).toEqual([55, 45]);
  });

  test('stay inside the frame', () => {
    expect(spread([box(95), box(97)], 0, 100)).toEqual([80, 90]);
    expect(spread([box(-5), box(-9)], 0, 100)).toEqual([10, 0]);
  });
});
