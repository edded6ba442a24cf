/** What is said about the cell or class under the pointer. */
import {useLayoutEffect, useRef} from 'preact/hooks';
import {formatCount, formatScore} from '../elements/format.ts';
import type {Cells} from './cells.ts';
import type {Margins} from './draw_margins.ts';
import type {Spot} from './draw_overlay.ts';
import {type Box, tooltipPlace} from './labels.ts';
import {cellStory, type Part, type Share} from './words.ts';

export interface Telling {
  readonly cells: Cells;
  readonly names: (index: number) => string;
  readonly margins: Margins;
  readonly weighted: boolean;
  readonly normalised: boolean;
  /** A miss may stand for up to so many more: 0 = exact. */
  readonly bound: number;
}

interface CellTipProps extends Telling {
  readonly spot: Spot;
  /** The cell, row or column that must stay visible, in pixels of the window. */
  readonly anchor: Box;
  readonly bounds: Box;
}

export function CellTip({spot, anchor, bounds, ...telling}: CellTipProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const {width, height} = element.getBoundingClientRect();
    const {left, top} = tooltipPlace(anchor, {width, height}, bounds);
    element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  });
  return (
    <div ref={box} class="tooltip cell-tip" aria-hidden="true">
      <SpotStory spot={spot} {...telling} />
    </div>
  );
}

/** The sentence, and beneath it the shares with their intervals. */
export function SpotStory({spot, ...telling}: Telling & {readonly spot: Spot}) {
  const {truth, guess} = spot;
  if (truth !== null && guess !== null) {
    const {sentence, shares} = cellStory(telling.cells, {...telling, truth, guess});
    return (
      <>
        <p>
          <Sentence parts={sentence} />
        </p>
        <Shares shares={shares} />
      </>
    );
  }
  const index = truth ?? guess;
  return index === null ? null : (
    <ClassStory index={index} side={truth === null ? 'guess' : 'truth'} {...telling} />
  );
}

/** The same in one or two lines, for below the picture. */
export function SpotLine({spot, ...telling}: Telling & {readonly spot: Spot}) {
  const {truth, guess} = spot;
  if (truth === null || guess === null) return <SpotStory spot={spot} {...telling} />;
  const {sentence, shares} = cellStory(telling.cells, {...telling, truth, guess});
  return (
    <>
      <p>
        <Sentence parts={sentence} />
      </p>
      {shares.map(({of, percent, interval}) => (
        <p key={of} class="muted">
          {percent} {of}
          {interval === '' ? '' : ` (${interval})`}
        </p>
      ))}
    </>
  );
}

export function Sentence({parts}: {readonly parts: readonly Part[]}) {
  return (
    <>
      {parts.map((part, index) =>
        part.role === 'plain' ? (
          part.text
        ) : (
          <b key={`${index} ${part.text}`} class={part.role}>
            {part.text}
          </b>
        ),
      )}
    </>
  );
}

function Shares({shares}: {readonly shares: readonly Share[]}) {
  if (shares.length === 0) return null;
  return (
    <table class="tip-table">
      <tbody>
        {shares.map(({of, percent, interval}) => (
          <tr key={of}>
            <td class="of">{of}</td>
            <td class="number">{percent}</td>
            <td class="number muted">{interval}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ClassStory({
  index,
  side,
  names,
  margins,
  normalised,
}: Telling & {readonly index: number; readonly side: 'truth' | 'guess'}) {
  const sum = side === 'truth' ? margins.support[index] : margins.predicted[index];
  const value = side === 'truth' ? margins.recall[index] : margins.precision[index];
  const known = sum !== null && sum !== undefined && !normalised;
  return (
    <>
      <p>
        <span class="muted">{side === 'truth' ? 'true ' : 'predicted '}</span>
        <b class="name">{names(index)}</b>
      </p>
      <p class="muted">
        {known ? `${side === 'truth' ? 'support' : 'predicted'} ${formatCount(sum)} \u00b7 ` : ''}
        {side === 'truth' ? 'recall' : 'precision'} {formatScore(value)}
      </p>
    </>
  );
}
