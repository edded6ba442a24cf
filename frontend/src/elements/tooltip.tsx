import type {ComponentChildren} from 'preact';
import {useLayoutEffect, useRef} from 'preact/hooks';

interface TooltipProps {
  /** Where it points, in pixels of the window. */
  readonly x: number;
  readonly y: number;
  readonly children: ComponentChildren;
}

const DISTANCE = 14;

/**
 * A floating readout beside a point. It stays inside the window, changes sides there, and
 * never takes the pointer's events.
 */
export function Tooltip({x, y, children}: TooltipProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const {width, height} = element.getBoundingClientRect();
    const right = x + DISTANCE + width <= window.innerWidth;
    const left = Math.max(4, right ? x + DISTANCE : x - DISTANCE - width);
    const below = y + DISTANCE + height <= window.innerHeight;
    const top = Math.max(4, below ? y + DISTANCE : y - DISTANCE - height);
    element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  });
  return (
    <div ref={box} class="tooltip" role="tooltip">
      {children}
    </div>
  );
}
