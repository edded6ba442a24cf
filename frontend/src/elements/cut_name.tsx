import {visibleName} from './format.ts';

const SHORTEST = 8; // code points from which the end of a name is kept apart
const TAIL = 7; // code points, at most half of the name

/** Letters that join, or run from right to left: halves of such a name would change places. */
const WHOLE =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * A name in a narrow place. Where it does not fit, its middle is left out: the end of a name
 * ("…/seed-7") tells it from its neighbours. Whoever uses it gives the whole name on hover.
 *
 * What is seen are two generated boxes; the name itself stands there whole, for screen readers,
 * searches and copies: two boxes of text would be read with a gap between them.
 */
export function CutName({name}: {readonly name: string}) {
  const text = visibleName(name);
  const points = Array.from(text);
  if (points.length < SHORTEST || WHOLE.test(text)) return <span class="cut">{text}</span>;
  let at = points.length - Math.min(TAIL, points.length >> 1);
  while (at > 0 && /^\p{M}/u.test(points[at] as string)) at--; // a mark stays with its letter
  return (
    <span
      class="cut-name"
      data-head={points.slice(0, at).join('')}
      data-tail={points.slice(at).join('')}
    >
      <span class="unseen">{text}</span>
    </span>
  );
}
