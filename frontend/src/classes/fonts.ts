/** Widths of text in the page's font, for what is drawn on canvases. */
import {signal} from '@preact/signals';
import type {Measure} from './labels.ts';

/** Grows when a font arrives: widths that were measured before are wrong then. */
export const fontsSeen = signal(0);

document.fonts?.ready.then(() => {
  fontsSeen.value++;
});

let context: CanvasRenderingContext2D | null | undefined;

/** Measures in a weight, size and family. Without a canvas, half a size a character. */
export function measureIn(family: string, size: number, weight = 400): Measure {
  context ??= document.createElement('canvas').getContext('2d');
  const pen = context;
  if (!pen) return (text) => text.length * size * 0.52;
  const font = `${weight} ${size}px ${family}`;
  return (text) => {
    pen.font = font;
    return pen.measureText(text).width;
  };
}
