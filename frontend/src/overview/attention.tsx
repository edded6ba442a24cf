/** What needs somebody: how many runs, and the three worst in a sentence each. */

import type {Attention, Overview} from '../api/types.ts';
import {plural, visibleName} from '../elements/format.ts';
import {Glyph} from '../elements/glyph.tsx';
import {fitOf} from '../state/runs.ts';
import {openPage, type Subject} from '../state/view.ts';

export function AttentionCard({overview}: {readonly overview: Overview}) {
  const {act, fine, unknown} = overview.counts;
  const total = act + fine + unknown;
  return (
    <section class="card attention" aria-label="What needs attention">
      <div class="attention-sum">
        <h2>{title(overview, act, total)}</h2>
        <p>{summary(unknown, fine)}</p>
      </div>
      {overview.attention.length > 0 ? (
        <ol>
          {overview.attention.map((item) => (
            <Item key={JSON.stringify([item.run, item.name, item.state])} item={item} />
          ))}
        </ol>
      ) : (
        <p class="attention-none">
          {fine > 0
            ? 'No validation loss rose by more than 5 % over its best, and no loss stopped being a number.'
            : 'Nothing can be judged yet: a verdict takes 8 evaluations of train and validation loss.'}
        </p>
      )}
    </section>
  );
}

/** What has no verdict may need somebody too: a run with NaN scores, or one that cannot be read. */
function title({attention}: Overview, act: number, total: number): string {
  const listed = new Set(attention.map(({run}) => run)).size;
  if (act > 0) return `Start with ${Math.max(act, listed)} of ${plural(total, 'run')}`;
  return listed > 0 ? `Look at ${plural(listed, 'run')}` : 'Nothing stands out';
}

function summary(unknown: number, fine: number): string {
  const parts = [
    unknown > 0 ? `${unknown} cannot be judged yet` : '',
    fine > 0 ? `${fine} ${fine === 1 ? 'shows' : 'show'} no rise of validation loss` : '',
  ].filter((part) => part !== '');
  return parts.length ? `${parts.join(', ')}.` : '';
}

/** An item about losses names a curve, not a series. */
function subjectOf({page, run, name}: Attention): Subject {
  return page === 'classes'
    ? {run, series: name}
    : {run, curve: fitOf(run, (fit) => fit.name === name)};
}

function Item({item}: {readonly item: Attention}) {
  const page = item.page === 'classes' ? 'Classes' : 'Fit';
  return (
    <li>
      <Glyph state={item.state} size={20} />
      <span class="attention-text">
        <b>{visibleName(item.run)}</b>: {item.text}{' '}
        {item.advice ? <span class="muted">{item.advice}</span> : null}
      </span>
      <button
        type="button"
        class="link"
        aria-label={`${page} of ${visibleName(item.run)}`}
        onClick={() => openPage(item.page, subjectOf(item))}
      >
        {page} →
      </button>
    </li>
  );
}
