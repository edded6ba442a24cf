import type {RefObject} from 'preact';

interface LayersProps {
  readonly base: RefObject<HTMLCanvasElement | null>;
  readonly top: RefObject<HTMLCanvasElement | null>;
}

/** The cells, and over them what follows the pointer. What they show is said elsewhere. */
export function Layers({base, top}: LayersProps) {
  return (
    <div aria-hidden="true">
      <canvas ref={base} />
      <canvas ref={top} />
    </div>
  );
}
