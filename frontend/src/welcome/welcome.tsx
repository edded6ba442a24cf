/** What to paste into a training loop, where nothing has been logged yet. */

import './welcome.css';
import type {Listing} from '../api/types.ts';
import {CopyButton} from '../elements/copy_button.tsx';
import {visibleName} from '../elements/format.ts';
import {Segmented} from '../elements/segmented.tsx';
import {oneOf, urlState} from '../state/url.ts';
import {SNIPPETS} from './snippets.ts';

const chosen = urlState('snippet', oneOf('python', 'keras', 'torch'), 'python');

export function Welcome({listing}: {readonly listing: Listing}) {
  const snippet = SNIPPETS.find(({key}) => key === chosen.value) ?? SNIPPETS[0];
  const logdir = listing.logdir || 'logs';
  const code = snippet?.code(logdir) ?? '';
  return (
    <section class="card welcome">
      <div class="welcome-text">
        <h1>Nothing to show here yet</h1>
        <p>
          TensorBoard searched <code>{visibleName(logdir)}</code> and found no run with matrices or
          learning curves for this tab. {listing.cut ?? ''}
        </p>
        <ol>
          <li>Paste this into your training loop.</li>
          <li>Run it. Each value is on disk when the call returns.</li>
          <li>This page shows it by itself within some seconds.</li>
        </ol>
        <p class="muted small">
          Running already? Then <code>--logdir</code> may be another folder than the one your run
          writes to.
        </p>
      </div>
      <div class="welcome-code">
        <div class="welcome-tabs">
          <Segmented
            label="Framework"
            options={SNIPPETS.map(({key, title}) => ({value: key, label: title}))}
            value={chosen.value}
            onChange={(key) => {
              chosen.value = key;
            }}
          />
          <CopyButton label="Copy" bordered text={() => `${code}\n`} />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
        <section class="code" tabIndex={0} aria-label={`${snippet?.title} example`}>
          <pre>{code}</pre>
        </section>
        <p class="muted small">{snippet?.note}</p>
      </div>
    </section>
  );
}
