/**
 * TensorBoard's run colours: its palette, by a run's place in its list.
 *
 * A colour repeats after seven runs, so a name is always printed beside it. Curves are mixed
 * with the text's colour, so that yellow and purple hold on both grounds.
 */

import {signal} from '@preact/signals';
import {dark} from './theme.ts';

export const PALETTE_LIGHT = [
  '#425066',
  '#12b5cb',
  '#e52592',
  '#f9ab00',
  '#9334e6',
  '#7cb342',
  '#e8710a',
] as const;
export const PALETTE_DARK = ['#8e98a3', ...PALETTE_LIGHT.slice(1)] as const;

const CURVE_SHARE = 0.82;

/** A run's place in the order in which TensorBoard first saw it. */
const places = signal<ReadonlyMap<string, number>>(new Map());

/** Gives places to runs that have none yet; those that have one keep it, as in TensorBoard. */
export function placeRuns(runs: readonly string[]): void {
  const fresh = runs.filter((run) => !places.peek().has(run));
  if (fresh.length === 0) return;
  const next = new Map(places.peek());
  for (const run of fresh) next.set(run, next.size);
  places.value = next;
}

/** The colour of a run's dot. */
export function runColor(run: string): string {
  const palette = dark.value ? PALETTE_DARK : PALETTE_LIGHT;
  return palette[placeOf(run) % palette.length] ?? PALETTE_LIGHT[0];
}

/** The colour of a run's curves: its dot's, mixed with the text's. */
export function curveColor(run: string): string {
  return mix(runColor(run), dark.value ? '#e8eaed' : '#202124', CURVE_SHARE);
}

/** Mixes two `#rrggbb` colours; `share` is the first one's. */
export function mix(first: string, second: string, share: number): string {
  const channel = (at: number) => {
    const [a, b] = [first, second].map((color) => Number.parseInt(color.slice(at, at + 2), 16));
    return Math.round((a ?? 0) * share + (b ?? 0) * (1 - share))
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/** The place of a run, or of the first run below it where only those exist on disk. */
function placeOf(run: string): number {
  const own = places.value.get(run);
  if (own !== undefined) return own;
  for (const [name, place] of places.value) if (name.startsWith(`${run}/`)) return place;
  return 0;
}
