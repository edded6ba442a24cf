import {describe, expect, test} from 'vitest';
import {
  cutInMiddle,
  formatAge,
  formatDuration,
  formatInteger,
  formatLike,
  formatNumber,
  formatPercent,
  formatScore,
  formatSigned,
  plural,
  visibleName,
} from '../../src/elements/format.ts';

describe('numbers', () => {
  test.each([
    [0.05123, '0.0512'],
    [1.0249, '1.02'],
    [31.44, '31.4'],
    [1234.6, '1,235'],
    [-0.5, '−0.500'],
    [0, '0'],
    [1.2e-7, '1.20e−7'],
    [3.456e9, '3.46e9'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '∞'],
    [Number.NEGATIVE_INFINITY, '−∞'],
    [null, '—'],
    [999.7, '1,000'],
  ])('%s has three significant digits: %s', (value, written) => {
    expect(formatNumber(value)).toBe(written);
  });

  test('of scores keep their decimals, so that columns align', () => {
    expect([0.9, 1, 0.8765].map((value) => formatScore(value))).toEqual([
      '0.900',
      '1.000',
      '0.876',
    ]);
  });

  test('have thousands separators', () => {
    expect(formatInteger(1_234_567)).toBe('1,234,567');
  });

  test.each([
    [0.43, '+0.430'],
    [-0.43, '−0.430'],
    [0, '0'],
    [null, '—'],
  ])('%s with its sign is %s', (value, written) => {
    expect(formatSigned(value)).toBe(written);
  });

  test('that round to nothing have no sign', () => {
    expect(formatSigned(0.0001, formatScore)).toBe('0.000');
    expect(formatSigned(-0.0001, formatScore)).toBe('0.000');
    expect(formatInteger(-0.2)).toBe('0');
  });

  test.each([
    [0.00185, 0.439, '0.002'],
    [0.43, 12.5, '0.4'],
    [14.2, 512, '14'],
    [0.5, null, '0.500'],
    [0.25, 1.37, '0.250'],
    [0.974, 0.9996, '0.974'],
    [0, 1.37, '0.000'],
    [-0.0001, 0.439, '0.000'],
    [-0.05, 1.37, '−0.050'],
    [12.3, 0.4, '12.3'],
    [0.00001234, 0.0376, '0.0000'],
  ])('%s beside %s is as precise: %s', (value, reference, written) => {
    expect(formatLike(value, reference)).toBe(written);
  });

  test.each([
    [0.183, '18 %'],
    [0.0512, '5.1 %'],
    [0, '0 %'],
    [1, '100 %'],
    [0.0001, '<0.1 %'],
    [-0.02, '−2.0 %'],
    [null, '—'],
  ])('%s as per cent is %s', (share, written) => {
    expect(formatPercent(share)).toBe(written);
  });
});

describe('times', () => {
  test.each([
    [0.2, 'now'],
    [8.9, '8 s ago'],
    [119, '1 min ago'],
    [7_300, '2 h ago'],
    [200_000, '2 d ago'],
  ])('%s seconds are %s', (seconds, written) => {
    expect(formatAge(seconds)).toBe(written);
  });

  test.each([
    [2.5, '2.5 s'],
    [45, '45 s'],
    [90, '1.5 min'],
    [7200, '2 h'],
  ])('a span of %s seconds is %s', (seconds, written) => {
    expect(formatDuration(seconds)).toBe(written);
  });
});

describe('names', () => {
  test('show what would be invisible or turn the text around', () => {
    expect(visibleName('a\nb')).toBe('a⏎b');
    expect(visibleName('x\u202egnp.exe')).toBe('x⟨U+202E⟩gnp.exe');
    expect(visibleName('zero\u200bwidth')).toBe('zero⟨U+200B⟩width');
    expect(visibleName('')).toBe('(empty name)');
  });

  test('are cut at 256 code points, not inside one', () => {
    const shown = Array.from(visibleName('🦊'.repeat(300)));
    expect(shown).toHaveLength(256);
    expect(shown[128]).toBe('…');
    expect(new Set(shown)).toEqual(new Set(['🦊', '…']));
  });

  test('that are long keep their beginning and their end', () => {
    expect(visibleName(`${'a'.repeat(300)}/seed-7`)).toMatch(/^a+…a+\/seed-7$/);
    expect(cutInMiddle('experiments/too-large', 12)).toBe('experi…large');
    expect([1, 2, 3].map((most) => cutInMiddle('abc🦊', most))).toEqual(['…', 'a…', 'a…🦊']);
    expect(cutInMiddle('abc', 3)).toBe('abc');
  });

  test('stay what they are otherwise', () => {
    expect(visibleName('<b>&amp; ä/🦊')).toBe('<b>&amp; ä/🦊');
  });
});

test('one of a thing is not several', () => {
  expect([plural(1, 'run'), plural(1200, 'run'), plural(2, 'series', 'series')]).toEqual([
    '1 run',
    '1,200 runs',
    '2 series',
  ]);
});
