/**
 * Colours of the curves of chosen classes. Not blue and not orange, which say hit and miss;
 * every curve also bears its class's name.
 */
import {dark} from '../state/theme.ts';

const LIGHT = ['#8430ce', '#00796b', '#c2185b', '#8a6100', '#3c6e00'] as const;
const DARK = ['#c58af9', '#4dd0c1', '#ff8bb5', '#e6c15c', '#a5d66f'] as const;

export function classColor(place: number): string {
  const colours = dark.value ? DARK : LIGHT;
  return colours[place % colours.length] ?? LIGHT[0];
}
