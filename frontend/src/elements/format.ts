/** Numbers and names as text: three significant digits, thousands, a true minus sign. */

const INTEGER = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
const MINUS = '\u2212';
export const DASH = '\u2014';

const NAME_CODE_POINTS = 256;

/** 1234567 is "1,234,567". */
export function formatInteger(value: number): string {
  return minus(INTEGER.format(value));
}

/** A count, or a sum of weights: integers whole, others with three digits. */
export function formatCount(value: number): string {
  return Number.isInteger(value) ? formatInteger(value) : formatNumber(value);
}

/**
 * Three significant digits: 0.0512, 1.02, 31.4, 1,235; 1.20e-7 beyond what reads well.
 *
 * "NaN" and "∞" are said, since a loss can be either; null is an em dash.
 */
export function formatNumber(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return DASH;
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e7 || size < 1e-4) return minus(value.toExponential(digits - 1).replace('e+', 'e'));
  if (size >= 10 ** (digits - 1)) return formatInteger(value);
  return minus(value.toPrecision(digits));
}

/** A score in [0, 1]: always the same number of decimals, so that columns align. */
export function formatScore(value: number | null | undefined, decimals = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  return minus(value.toFixed(decimals));
}

/** A share as per cent: 0.183 is "18 %"; below 10 % one decimal. */
export function formatPercent(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return DASH;
  const percent = share * 100;
  const size = Math.abs(percent);
  if (size > 0 && size < 0.1) return `${percent < 0 ? MINUS : ''}<0.1 %`;
  const rounded = size < 9.95 && percent !== 0 ? percent.toFixed(1) : percent.toFixed(0);
  return `${minus(rounded)} %`;
}

/** Decimals of a difference of values below 10: the same in every row of a column. */
const LEAST_DECIMALS = 3;

/**
 * With as many decimals as another value's three digits have, so that a gap reads as precise
 * as its loss: 0.00185 beside 0.439 is "0.002". Beside values below 10 it has at least three,
 * so that the gaps of losses of 0.4 and of 1.4 stand alike in a column.
 */
export function formatLike(value: number | null | undefined, reference: number | null): string {
  if (!isKnown(value) || !isKnown(reference) || reference === 0) return formatNumber(value);
  const shown = Math.abs(Number(reference.toPrecision(3))); // 9.996 reads as 10.0
  const exact = 2 - Math.floor(Math.log10(shown));
  const decimals = shown < 10 ? Math.max(LEAST_DECIMALS, exact) : exact;
  if (decimals <= 0) return formatInteger(value);
  const large = Math.abs(value) >= 10 && shown < 10;
  return decimals > 6 || large ? formatNumber(value) : minus(value.toFixed(decimals));
}

function isKnown(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** With its sign: "+0.430"; what rounds to nothing has none. */
export function formatSigned(
  value: number | null | undefined,
  format: (value: number) => string = formatNumber,
): string {
  if (value === null || value === undefined) return DASH;
  const written = format(value);
  return value > 0 && /[1-9∞]/.test(written) ? `+${written}` : written;
}

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/** "8 s ago", "3 h ago", "now". */
export function formatAge(seconds: number): string {
  if (seconds < 1) return 'now';
  for (const [size, unit] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return `${Math.floor(seconds)} s ago`;
}

/** A span of time: "45 s", "3 min", "2.5 h". */
export function formatDuration(seconds: number): string {
  for (const [size, unit] of UNITS) {
    if (Math.abs(seconds) >= size) return `${trimZeros((seconds / size).toFixed(1))} ${unit}`;
  }
  if (Math.abs(seconds) < 1) return `${Number(seconds.toPrecision(3))} s`;
  return `${trimZeros(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
}

/** A moment in the reader's time zone: "24 Nov 2026, 14:05:09". */
export function formatWallTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

/** "1 run", "2 runs". */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatInteger(count)} ${count === 1 ? noun : nouns}`;
}

/** "loss" is "Loss". */
export function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * A name from the logs, fit to be shown: control and bidi characters made visible, at most
 * 256 code points, of a longer one its beginning and its end. Still only text: it goes into
 * text nodes.
 */
export function visibleName(name: string): string {
  if (name === '') return '(empty name)';
  return Array.from(cutInMiddle(name, NAME_CODE_POINTS), visibleCharacter).join('');
}

/** At most so many code points, of a longer text its beginning and its end: "exper…/large". */
export function cutInMiddle(text: string, most: number): string {
  const points = Array.from(text);
  if (points.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  const head = most - 1 - tail;
  return `${points.slice(0, head).join('')}…${tail > 0 ? points.slice(-tail).join('') : ''}`;
}

// Controls, line breaks, and what turns the direction of text around or has no width.
const HIDDEN = /[\p{Cc}\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u;
const NAMED = new Map([
  ['\n', '⏎'],
  ['\r', '␍'],
  ['\t', '⇥'],
]);

function visibleCharacter(character: string): string {
  if (!HIDDEN.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  return NAMED.get(character) ?? `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** With a true minus sign; what rounds to nothing has none. */
function minus(written: string): string {
  return written.replaceAll('-', /[1-9]/.test(written) ? MINUS : '');
}

function trimZeros(written: string): string {
  return written.replace(/\.0$/, '');
}
