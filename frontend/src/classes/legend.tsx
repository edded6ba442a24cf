/** What the tones mean: misses and hits, each on its own scale. */
import type {Normalise} from './cells.ts';
import type {Palette, Ramp} from './palette.ts';
import {legendTicks, type Scale, tone} from './scale.ts';
import {percent, shortAmount} from './words.ts';

interface LegendProps {
  readonly palette: Palette;
  readonly hits: Scale | null;
  readonly misses: Scale | null;
  readonly by: Normalise;
}

export function Legend({palette, hits, misses, by}: LegendProps) {
  return (
    <>
      {misses ? (
        <RampKey title="Misses" ramp={palette.misses} scale={misses} by={by} width={112} />
      ) : (
        <span>No misses</span>
      )}
      {hits ? (
        <RampKey title="Hits" ramp={palette.hits} scale={hits} by={by} width={84} />
      ) : (
        <span>No hits</span>
      )}
    </>
  );
}

interface RampKeyProps {
  readonly title: string;
  readonly ramp: Ramp;
  readonly scale: Scale;
  readonly by: Normalise;
  readonly width: number;
}

const STOPS = [0, 51, 102, 153, 204, 255];

function RampKey({title, ramp, scale, by, width}: RampKeyProps) {
  const colours = STOPS.map((stop) => ramp.css[stop]).join(',');
  const values = legendTicks(scale);
  const last = values.length - 1;
  return (
    <span class="ramp">
      <span>{title}</span>
      <span class="ramp-scale" style={{width: `${width}px`}}>
        <span class="ramp-bar" style={{background: `linear-gradient(90deg,${colours})`}} />
        {values.map((value, index) => (
          <span
            key={value}
            class={`ramp-tick ${index === 0 ? 'first' : index === last ? 'last' : ''}`}
            style={{left: `${100 * tickPlace(scale, value)}%`}}
          >
            {legendText(value, by, index === last)}
          </span>
        ))}
      </span>
    </span>
  );
}

function tickPlace(scale: Scale, value: number): number {
  return value <= scale.low ? 0 : tone(scale, value);
}

/** "0.1", "1", "8 %": the unit once, at the end. */
function legendText(value: number, by: Normalise, last: boolean): string {
  if (by === 'count') return shortAmount(value);
  const number = percent(value).replace(/\.0$/, '');
  return last ? `${number} %` : number;
}
