/** Which rows of a long table are drawn: those on screen, and some beyond on either side. */

import type {RefObject} from 'preact';
import {useLayoutEffect, useRef, useState} from 'preact/hooks';

const ALL_UP_TO = 80; // rows: drawing them all is cheap, and the browser's own search finds them
const BEYOND = 900; // pixels drawn above and below the screen
const NARROW = 760; // as in overview.css: there, rows are sheets of unknown height

export interface RowWindow {
  /** The first row that is drawn, and the one after the last. */
  readonly first: number;
  readonly end: number;
  /** Pixels that the rows above and below take, undrawn. */
  readonly above: number;
  readonly below: number;
}

/** Rows that touch [top, bottom], in pixels from the top of the first row. */
export function rowsWithin(heights: readonly number[], top: number, bottom: number): RowWindow {
  let first = 0;
  let above = 0;
  while (first < heights.length && above + (heights[first] ?? 0) <= top)
    above += heights[first++] ?? 0;
  let end = first;
  let reached = above;
  while (end < heights.length && reached < bottom) reached += heights[end++] ?? 0;
  const below = heights.slice(end).reduce((sum, height) => sum + height, 0);
  return {first, end, above, below};
}

/** Follows the window's scrolling. Returns a ref for the rows' parent and what is to be drawn. */
export function useRowWindow(
  heights: readonly number[],
): readonly [RefObject<HTMLTableSectionElement | null>, RowWindow] {
  const parent = useRef<HTMLTableSectionElement>(null);
  const all = {first: 0, end: heights.length, above: 0, below: 0};
  const [top, setTop] = useState(0);
  const long = heights.length > ALL_UP_TO;
  useLayoutEffect(() => {
    if (!long) return;
    const follow = () => {
      const place = parent.current?.getBoundingClientRect();
      // In steps, so that not every pixel redraws.
      if (place && window.innerHeight > 0) setTop(Math.floor(-place.top / 300) * 300);
    };
    follow();
    window.addEventListener('scroll', follow, {passive: true});
    window.addEventListener('resize', follow);
    return () => {
      window.removeEventListener('scroll', follow);
      window.removeEventListener('resize', follow);
    };
  }, [long]);
  if (!long || window.innerWidth < NARROW) return [parent, all];
  return [parent, rowsWithin(heights, top - BEYOND, top + window.innerHeight + 300 + BEYOND)];
}
