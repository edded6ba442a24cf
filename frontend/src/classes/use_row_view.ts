/** What of a long list is in view: only its rows need to exist. */
import type {RefObject} from 'preact';
import {useLayoutEffect, useRef, useState} from 'preact/hooks';

export interface RowView {
  readonly top: number;
  readonly height: number;
}

/** The scrolling box, and where it stands; `height` is taken until the box is laid out. */
export function useRowView(height: number): [RefObject<HTMLDivElement | null>, RowView] {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<RowView>({top: 0, height});
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const see = () => {
      if (element.clientHeight > 0) setView({top: element.scrollTop, height: element.clientHeight});
    };
    see();
    const observer = new ResizeObserver(see);
    observer.observe(element);
    element.addEventListener('scroll', see, {passive: true});
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', see);
    };
  }, []);
  return [box, view];
}
