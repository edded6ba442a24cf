import type {RefObject} from 'preact';
import {useLayoutEffect, useRef, useState} from 'preact/hooks';

/**
 * The width of an element, followed as it changes.
 *
 * A hidden plugin frame reports 0: the last width that could be seen stays, so that nothing is
 * laid out anew while nobody looks.
 */
export function useWidth<E extends HTMLElement>(
  fallback: number,
): {ref: RefObject<E | null>; width: number} {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(fallback);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => {
      const now = Math.floor(element.clientWidth);
      if (now > 0) setWidth(now);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return {ref, width};
}

/** Width and height of an element, followed as they change. */
export function useSize<E extends HTMLElement>(
  fallbackWidth: number,
  fallbackHeight: number,
): {ref: RefObject<E | null>; width: number; height: number} {
  const ref = useRef<E>(null);
  const [size, setSize] = useState({width: fallbackWidth, height: fallbackHeight});
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => {
      const width = Math.floor(element.clientWidth);
      const height = Math.floor(element.clientHeight);
      if (width > 0 && height > 0) setSize({width, height});
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return {ref, ...size};
}
