import {useComputed} from '@preact/signals';
import {now} from '../state/clock.ts';
import {formatAge, formatWallTime} from './format.ts';

/** "8 s ago", counting; the moment itself on hover. */
export function Age({wallTime}: {readonly wallTime: number}) {
  const text = useComputed(() => formatAge(Math.max(0, now.value - wallTime)));
  return <span title={formatWallTime(wallTime)}>{text}</span>;
}
