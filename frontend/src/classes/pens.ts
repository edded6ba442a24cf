/** The theme's tokens as the canvas needs them: resolved once per theme. */
import {token} from '../state/theme.ts';
import type {Pens} from './draw_cells.ts';
import {css, mix, paletteOf, parseColour, type Rgb} from './palette.ts';

const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [32, 33, 36];

/** Reading it within a signal's effect or a component follows the theme. */
export function themePens(): Pens {
  const card = parseColour(token('--card'), WHITE);
  const hit = parseColour(token('--hit'), [0, 90, 180]);
  const miss = parseColour(token('--miss'), [220, 80, 0]);
  const text = parseColour(token('--text'), INK);
  const inks = {card, hit, miss, light: WHITE, dark: INK};
  return {
    cells: paletteOf(inks, 0.1),
    dots: paletteOf(inks, 0.2),
    line: token('--line'),
    text: css(text),
    muted: token('--muted'),
    faint: token('--faint'),
    card: css(card),
    hit: css(hit),
    miss: css(miss),
    missSoft: css(mix(card, miss, 0.3)),
    accent: token('--accent'),
    band: `rgb(${text.join(' ')} / 5%)`,
    family: token('--font') || 'sans-serif',
  };
}
