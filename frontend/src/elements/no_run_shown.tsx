import {allRuns, hiddenRuns, runFilter} from '../state/runs.ts';
import {plural} from './format.ts';
import {EmptyState} from './notes.tsx';

/** Every run is filtered away: says by what, and undoes it. */
export function NoRunShown() {
  const undo = () => {
    runFilter.value = '';
    hiddenRuns.value = [];
  };
  return (
    <section class="card">
      <EmptyState title="No run is shown">
        <p>
          The filter and the chips in the bar hide all {plural(allRuns.value.length, 'run')}.{' '}
          <button type="button" class="link" onClick={undo}>
            Show all runs
          </button>
        </p>
      </EmptyState>
    </section>
  );
}
