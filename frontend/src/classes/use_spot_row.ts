import {effect} from '@preact/signals';
import type {RefObject} from 'preact';
import {useLayoutEffect} from 'preact/hooks';
import {spot} from './state.ts';

/**
 * Tints the table's rows of the true and the predicted class under the pointer.
 *
 * By class name on the rows that exist, not by rendering: a pointer that crosses the matrix
 * must not redraw a table. Again whenever other classes stand in the rows.
 */
export function useSpotRow(
  box: RefObject<HTMLElement | null>,
  rows: Uint32Array,
  first: number,
): void {
  useLayoutEffect(
    () =>
      effect(() => {
        const at = spot.value;
        const element = box.current;
        if (!element) return;
        for (const row of element.querySelectorAll('tr.spot')) row.classList.remove('spot');
        if (!at) return;
        for (const index of new Set([at.truth, at.guess])) {
          if (index === null) continue;
          element.querySelector(`tr[data-class="${index}"]`)?.classList.add('spot');
        }
      }),
    [box, rows, first],
  );
}
