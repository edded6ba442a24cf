/** Every label as a bar of what was missed, found and wrongly predicted; one is chosen. */
import type {MatrixHeader} from '../api/types.ts';
import {CutName, formatCount, formatScore} from '../elements/index.ts';
import {
  type BarParts,
  type BarScale,
  barParts,
  type LabelCounts,
  labelCounts,
} from './label_counts.ts';
import {chosenLabel, spot} from './state.ts';
import {nextIndex} from './step_strip.tsx';
import {rowsInView} from './table_rows.ts';
import {useRowView} from './use_row_view.ts';
import {useWidth} from './use_width.ts';

interface LabelListProps {
  readonly header: MatrixHeader;
  readonly order: Uint32Array;
  readonly names: (index: number) => string;
  readonly chosen: number;
  readonly scale: BarScale;
  /** Examples that the longest bar stands for. */
  readonly longest: number;
}

export const LABEL_ROW = 26;

/** A list box: the arrows choose, and only rows in view exist. */
export function LabelList({header, order, names, chosen, scale, longest}: LabelListProps) {
  const [box, view] = useRowView(400);
  const at = order.indexOf(chosen);
  const choose = (position: number) => {
    chosenLabel.value = order[position] as number;
    keepInView(box.current, position);
  };
  const press = (event: KeyboardEvent) => {
    const next = nextIndex(listKey(event.key), at, order.length - 1);
    if (next === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    choose(next);
  };
  const {first, last} = rowsInView(view.top, view.height, LABEL_ROW, order.length);
  return (
    <div
      ref={box}
      class="label-list"
      role="listbox"
      aria-label="Labels"
      aria-activedescendant={at >= first && at < last ? optionId(chosen) : undefined}
      tabIndex={0}
      onKeyDown={press}
    >
      <div style={{height: `${order.length * LABEL_ROW}px`}}>
        <div style={{transform: `translateY(${first * LABEL_ROW}px)`}}>
          {Array.from(order.subarray(first, last), (index, offset) => (
            <Row
              key={index}
              index={index}
              position={first + offset}
              total={order.length}
              name={names(index)}
              counts={labelCounts(header, index)}
              f1={header.per_class.f1[index] ?? null}
              chosen={index === chosen}
              scale={scale}
              longest={longest}
              onChoose={choose}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

const optionId = (index: number) => `label-${index}`;

/** In a list that goes down, the arrow down goes on, and so does a page. */
function listKey(key: string): string {
  const turned = new Map([
    ['ArrowDown', 'ArrowUp'],
    ['ArrowUp', 'ArrowDown'],
    ['PageDown', 'PageUp'],
    ['PageUp', 'PageDown'],
    ['ArrowLeft', ''],
    ['ArrowRight', ''],
  ]);
  return turned.get(key) ?? key;
}

function keepInView(box: HTMLElement | null, position: number): void {
  if (!box) return;
  const top = position * LABEL_ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  const below = top + LABEL_ROW - box.clientHeight;
  if (below > box.scrollTop) box.scrollTop = below;
}

interface RowProps {
  readonly index: number;
  readonly position: number;
  readonly total: number;
  readonly name: string;
  readonly counts: LabelCounts | null;
  readonly f1: number | null;
  readonly chosen: boolean;
  readonly scale: BarScale;
  readonly longest: number;
  onChoose(position: number): void;
}

function Row(props: RowProps) {
  const {index, position, total, name, counts, f1, chosen, scale, longest, onChoose} = props;
  const parts = counts && barParts(counts, scale, longest);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list box takes the keys
    <div
      id={optionId(index)}
      class={`label-row ${chosen ? 'on' : ''}`}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      aria-setsize={total}
      aria-posinset={position + 1}
      title={counts ? `${name}: ${wordsOf(counts)}` : name}
      data-label={index}
      onClick={() => onChoose(position)}
      onPointerEnter={() => {
        spot.value = {truth: index, guess: index, from: 'matrix'};
      }}
      onPointerLeave={() => {
        spot.value = null;
      }}
    >
      <CutName name={name} />
      {counts && parts ? (
        <>
          <span class="unseen">{wordsOf(counts)}, F1</span>
          <Bar counts={counts} parts={parts} />
        </>
      ) : (
        <span class="label-none">never true, never predicted</span>
      )}
      <span class="label-f1">{formatScore(f1)}</span>
    </div>
  );
}

/** "872 found, 49 missed, 71 wrongly predicted". */
export function wordsOf({hits, missed, wrong}: LabelCounts): string {
  return `${formatCount(hits)} found, ${formatCount(missed)} missed, ${formatCount(wrong)} wrongly predicted`;
}

const DIGIT = 7; // pixels
const PADDING = 8;

function Bar({counts, parts}: {readonly counts: LabelCounts; readonly parts: BarParts}) {
  const {ref, width} = useWidth<HTMLSpanElement>(260);
  const kinds = [
    ['missed', counts.missed, parts.missed],
    ['hits', counts.hits, parts.hits],
    ['wrong', counts.wrong, parts.wrong],
  ] as const;
  return (
    <span ref={ref} class="label-bar" aria-hidden="true">
      {kinds.map(([kind, count, share]) => {
        if (!(share > 0)) return null;
        const text = formatCount(count);
        const fits = text.length * DIGIT + PADDING <= share * width;
        return (
          <span key={kind} class={kind} style={{width: `${100 * share}%`}}>
            {fits ? text : null}
          </span>
        );
      })}
    </span>
  );
}
