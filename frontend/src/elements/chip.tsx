import type {ComponentChildren} from 'preact';
import type {Tier} from '../api/types.ts';
import {Glyph} from './glyph.tsx';

interface ChipProps {
  /** act: tinted; fine: plain; unknown: dashed. */
  readonly tier: Tier;
  /** Whose glyph stands before the words. */
  readonly state?: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A verdict in a few words. */
export function Chip({tier, state, title, children}: ChipProps) {
  return (
    <span class={`chip chip-${tier}`} title={title}>
      {state ? <Glyph state={state} /> : null}
      <span>{children}</span>
    </span>
  );
}
