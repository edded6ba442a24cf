/** The curves of the big chart: which are drawn, how strongly, in which order. */

import type {Area, Line} from '../charts/trace.ts';
import {curveColor} from '../state/colors.ts';
import {between, type Fit, type Side, smoothed} from './curves.ts';
import {sidesOf} from './ranges.ts';

/** Both sides of a curve, smoothed for the eye. */
export interface Sides {
  readonly train: Side | null;
  readonly validation: Side | null;
}

/** The smoothed sides of each drawn curve, by its key. */
export type Eye = ReadonlyMap<string, Sides>;

export function smoothedSides(fits: readonly Fit[], strength: number): Eye {
  return new Map(
    fits.map(({key, train, validation}) => [
      key,
      {train: smoothed(train, strength), validation: smoothed(validation, strength)},
    ]),
  );
}

const CROWD = 16; // curves beside the chosen one, beyond which they grow fainter
const FAINTEST = 0.4;

/** Faint raw curves below smoothed ones; train dashed, validation solid; the chosen on top. */
export function drawingOf(
  drawn: readonly Fit[],
  chosen: Fit,
  eye: Eye,
  showRaw: boolean,
): {lines: Line[]; areas: Area[]} {
  const color = curveColor(chosen.info.run);
  const {train = null, validation = null} = eye.get(chosen.key) ?? {};
  const others = drawn.filter((fit) => fit !== chosen);
  const fade = Math.max(FAINTEST, Math.min(1, CROWD / others.length));
  return {
    areas:
      train && validation
        ? [{x: validation.x, ...between(validation, train), color, alpha: 0.08}]
        : [],
    lines: [
      ...others.flatMap(({key, info}) => weakLines(eye.get(key), curveColor(info.run), fade)),
      ...(showRaw
        ? sidesOf(chosen).map((side) => ({...curve(side), color, width: 1, alpha: 0.5}))
        : []),
      ...(train ? [{...curve(train), color, width: 2, dash: [6, 4]}] : []),
      ...(validation ? [{...curve(validation), color, width: 2.25}] : []),
    ],
  };
}

function weakLines(sides: Sides | undefined, color: string, fade: number): Line[] {
  const {train = null, validation = null} = sides ?? {};
  return [
    ...(train ? [{...curve(train), color, width: 1.2, dash: [4, 3], alpha: 0.5 * fade}] : []),
    ...(validation ? [{...curve(validation), color, width: 1.5, alpha: 0.65 * fade}] : []),
  ];
}

function curve({x, value}: Side): Pick<Line, 'x' | 'y'> {
  return {x, y: value};
}
