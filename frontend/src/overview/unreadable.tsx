import {Card} from '../elements/card.tsx';
import {plural, visibleName} from '../elements/format.ts';
import {RunName} from '../elements/run_dot.tsx';
import {shownRuns} from '../state/runs.ts';

/** Series that could not be read, with the reason: all others are shown as if these were not. */
export function UnreadableCard() {
  const unreadable = shownRuns.value.flatMap(({run, unreadable}) =>
    unreadable.map((series) => ({run, ...series})),
  );
  if (unreadable.length === 0) return null;
  return (
    <Card
      class="unreadable"
      title={`${plural(unreadable.length, 'series', 'series')} could not be read`}
      subtitle="everything else is shown"
    >
      <ul>
        {unreadable.map(({run, tag, reason}) => (
          <li key={JSON.stringify([run, tag])}>
            <RunName run={run} />
            <code title={visibleName(tag)}>{visibleName(tag)}</code>
            <span class="muted">{reason}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
