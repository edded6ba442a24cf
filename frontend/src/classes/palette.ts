/**
 * Colours of the matrix: two ramps of 256 tones between the card and the hue of hits or
 * misses, and for each tone the ink that reads best on it.
 */

export type Rgb = readonly [number, number, number];

/** The theme's tokens, resolved. */
export interface Inks {
  readonly card: Rgb;
  readonly hit: Rgb;
  readonly miss: Rgb;
  readonly light: Rgb;
  readonly dark: Rgb;
}

export interface Ramp {
  /** `[256]`, packed as an ImageData's Uint32 reads them (little-endian ABGR). */
  readonly pixels: Uint32Array;
  /** `[256]` CSS colours. */
  readonly css: readonly string[];
  /** `[256]` CSS colours of text on it. */
  readonly ink: readonly string[];
}

export interface Palette {
  readonly hits: Ramp;
  readonly misses: Ramp;
  /** The card's colour: what a cell without examples shows. */
  readonly empty: number;
  readonly emptyCss: string;
}

/**
 * Builds both ramps.
 *
 * Args:
 *   faintest: Share of the hue in the lowest miss tone, in [0, 1]. One dot of two pixels needs
 *     more of it than a cell of forty to be seen at all.
 */
export function paletteOf(inks: Inks, faintest: number): Palette {
  return {
    hits: ramp(inks, inks.hit, 0.25, 1),
    misses: ramp(inks, inks.miss, faintest, 0.92),
    empty: packed(inks.card),
    emptyCss: css(inks.card),
  };
}

function ramp(inks: Inks, hue: Rgb, from: number, to: number): Ramp {
  const pixels = new Uint32Array(256);
  const colours: string[] = [];
  const ink: string[] = [];
  for (let index = 0; index < 256; index++) {
    const colour = mix(inks.card, hue, from + ((to - from) * index) / 255);
    pixels[index] = packed(colour);
    colours.push(css(colour));
    ink.push(
      css(contrast(colour, inks.light) >= contrast(colour, inks.dark) ? inks.light : inks.dark),
    );
  }
  return {pixels, css: colours, ink};
}

export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const at = (a: number, b: number) => Math.round(a + (b - a) * share);
  return [at(from[0], to[0]), at(from[1], to[1]), at(from[2], to[2])];
}

/** WCAG 2 contrast of two colours, in [1, 21]. */
export function contrast(a: Rgb, b: Rgb): number {
  const x = luminance(a);
  const y = luminance(b);
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance(colour: Rgb): number {
  const linear = (channel: number) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
}

export function packed(colour: Rgb): number {
  return ((255 << 24) | (colour[2] << 16) | (colour[1] << 8) | colour[0]) >>> 0;
}

export function css(colour: Rgb): string {
  return `rgb(${colour[0]} ${colour[1]} ${colour[2]})`;
}

/** Reads `#rgb`, `#rrggbb`, `rgb(1, 2, 3)` and `rgb(1 2 3)`; else the fallback. */
export function parseColour(text: string, fallback: Rgb): Rgb {
  const value = text.trim();
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(value);
  if (short)
    return [
      hex(`${short[1]}${short[1]}`),
      hex(`${short[2]}${short[2]}`),
      hex(`${short[3]}${short[3]}`),
    ];
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(value);
  if (long) return [hex(long[1]), hex(long[2]), hex(long[3])];
  const numbers = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/.exec(value);
  if (numbers) return [Number(numbers[1]), Number(numbers[2]), Number(numbers[3])];
  return fallback;
}

function hex(digits: string | undefined): number {
  return Number.parseInt(digits ?? '0', 16);
}
