/** Which runs are shown: a regular expression, and a chip per matched run to switch it off. */

import {useEffect, useState} from 'preact/hooks';
import {CutName} from '../elements/cut_name.tsx';
import {formatInteger, visibleName} from '../elements/format.ts';
import {Icon} from '../elements/glyph.tsx';
import {RunDot} from '../elements/run_dot.tsx';
import {
  allRuns,
  filterError,
  hiddenRuns,
  matchedRuns,
  runFilter,
  shownRuns,
  toggleRun,
} from '../state/runs.ts';
import {useWidth} from '../state/size.ts';

const CHIP_WIDTH = 106;
const OTHER_WIDTH = 190; // of what else stands in the box
const CHIPS_MOST = 8;
const ERROR_ID = 'run-filter-error';

export function RunFilter() {
  const [open, setOpen] = useState(false);
  const [box, width] = useWidth<HTMLDivElement>(432);
  useClosedFromOutside(box, open, () => setOpen(false));
  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>('.filter-more')?.focus();
  };
  const matched = matchedRuns.value;
  const error = filterError.value;
  const room = Math.floor((width - OTHER_WIDTH) / CHIP_WIDTH);
  const chips = matched.slice(0, Math.max(0, Math.min(room, CHIPS_MOST)));
  const rest = matched.length - chips.length;
  return (
    <div class="filter" ref={box}>
      <div class={`filter-box ${error ? 'wrong' : ''}`}>
        <Icon name="search" />
        <input
          type="text"
          class="filter-text"
          spellcheck={false}
          autocomplete="off"
          placeholder="filter runs (regex)"
          aria-label="Filter runs by a regular expression"
          aria-invalid={error !== null}
          aria-describedby={error ? ERROR_ID : undefined}
          value={runFilter.value}
          onInput={(event) => {
            runFilter.value = event.currentTarget.value;
          }}
        />
        <span class="filter-chips">
          {chips.map(({run}) => (
            <RunChip key={run} run={run} />
          ))}
        </span>
        <button
          type="button"
          class="filter-more"
          aria-expanded={open}
          title="Choose runs"
          onClick={() => setOpen(!open)}
        >
          {rest > 0
            ? `${chips.length > 0 ? '+' : ''}${formatInteger(rest)}${chips.length > 0 ? '' : ' runs'}`
            : null}
          <span class="unseen">
            choose runs, {formatInteger(shownRuns.value.length)} of{' '}
            {formatInteger(allRuns.value.length)} shown
          </span>
          <Icon name="down" />
        </button>
      </div>
      {error && !open ? (
        <p class="filter-error" id={ERROR_ID} role="status">
          {error}: all runs are shown
        </p>
      ) : null}
      {open ? <RunList onClose={close} /> : null}
    </div>
  );
}

function RunChip({run}: {readonly run: string}) {
  const shown = !hiddenRuns.value.includes(run);
  const name = visibleName(run);
  return (
    <button
      type="button"
      class={`run-chip ${shown ? '' : 'off'}`}
      aria-pressed={shown}
      title={shown ? `Hide ${name}` : `Show ${name}`}
      onClick={() => toggleRun(run)}
    >
      <RunDot run={run} size={8} />
      <CutName name={run} />
    </button>
  );
}

/** All matched runs with a check box each. */
function RunList({onClose}: {onClose(): void}) {
  const matched = matchedRuns.value;
  const hidden = hiddenRuns.value;
  const others = hidden.filter((run) => !matched.some((info) => info.run === run));
  return (
    <div
      class="run-list"
      role="dialog"
      aria-label="Shown runs"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <div class="run-list-head">
        <span class="muted">
          {formatInteger(shownRuns.value.length)} of {formatInteger(allRuns.value.length)} shown
        </span>
        <button
          type="button"
          class="link"
          onClick={() => {
            hiddenRuns.value = others;
          }}
        >
          all
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            hiddenRuns.value = [...others, ...matched.map(({run}) => run)];
          }}
        >
          none
        </button>
      </div>
      <ul>
        {matched.map(({run}) => (
          <li key={run}>
            <label title={visibleName(run)}>
              <input
                type="checkbox"
                checked={!hidden.includes(run)}
                onChange={() => toggleRun(run)}
              />
              <RunDot run={run} />
              <CutName name={run} />
            </label>
            <button
              type="button"
              class="link"
              aria-label={`Show only ${visibleName(run)}`}
              onClick={() => {
                hiddenRuns.value = [
                  ...others,
                  ...matched.map((info) => info.run).filter((name) => name !== run),
                ];
              }}
            >
              only
            </button>
          </li>
        ))}
      </ul>
      {matched.length === 0 ? <p class="muted">No run matches the filter.</p> : null}
    </div>
  );
}

function useClosedFromOutside(
  box: {current: HTMLElement | null},
  open: boolean,
  close: () => void,
): void {
  useEffect(() => {
    if (!open) return;
    const onPointer = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) close();
    };
    document.addEventListener('pointerdown', onPointer);
    document.addEventListener('focusin', onPointer);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('focusin', onPointer);
    };
  }, [open]);
}
