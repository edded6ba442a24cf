/** The Classes page: which classes are wrong, since when, and how sure that is. */
import './classes.css';
import {batch} from '@preact/signals';
import {useCallback, useEffect, useMemo} from 'preact/hooks';
import {type Answer, getSteps, type MatrixHeader, type Steps, useAnswer} from '../api/index.ts';
import {nearestIndex} from '../charts/path.ts';
import {
  CutNote,
  cutInMiddle,
  EmptyState,
  ErrorNote,
  RunDot,
  Select,
  Skeleton,
  visibleName,
} from '../elements/index.ts';
import {allRuns, chosenRun, shownRuns} from '../state/runs.ts';
import {ClassTable} from './class_table.tsx';
import {frozenFor} from './frozen.ts';
import {MOST_NAMED} from './geometry.ts';
import {LabelCard} from './label_card.tsx';
import {MatrixCard} from './matrix_card.tsx';
import {type Moment, OverTime} from './over_time.tsx';
import {type Choice, choicesOf, chosenOf, titleAmong} from './series_choice.ts';
import {
  chosenClasses,
  compareStep,
  LAST,
  labelOrder,
  MOST_CURVES,
  NONE,
  orderBy,
  pinned,
  playing,
  seriesName,
  spot,
  step,
} from './state.ts';
import {nextIndex, StepStrip, StripCut} from './step_strip.tsx';
import {type MatrixAnswer, type Place, useCells, useMatrix, usePrefetch} from './use_matrix.ts';
import {useStepsOfF1} from './use_steps_of_f1.ts';
import {notices} from './words.ts';

export function ClassesPage() {
  const choices = choicesOf(shownRuns.value);
  const chosen = chosenOf(choices, chosenRun.value, seriesName.value);
  if (chosen) return <SeriesView choices={choices} choice={chosen} />;
  const hidden = choicesOf(allRuns.value).length > 0;
  return (
    <section class="card">
      <EmptyState
        title={hidden ? 'No shown run has class scores' : 'No class scores were logged yet'}
      >
        <p>
          {hidden
            ? 'Clear the run filter above, or switch a run back on.'
            : 'Call predictions() or confusion_matrix() of a MonitorWriter once per evaluation.'}
        </p>
      </EmptyState>
    </section>
  );
}

interface SeriesViewProps {
  readonly choices: readonly Choice[];
  readonly choice: Choice;
}

function SeriesView({choices, choice}: SeriesViewProps) {
  const {run, series} = choice;
  const asked = useAnswer(JSON.stringify([run.run, run.token, series.name]), (signal) =>
    getSteps(run.run, series.name, signal),
  );
  const known = asked.value;
  const steps = known && known.run === run.run && known.name === series.name ? known : null;
  const at = steps ? shownIndex(steps, step.value) : -1;
  const place = {run: run.run, token: run.token, name: series.name};
  const matrix = useMatrix(place, steps?.step[at] ?? null, 'show');
  usePrefetch(place, steps?.step ?? [], at, !matrix.loading);
  const unreadable = run.unreadable[0];
  return (
    <div class="classes-page">
      <section class="card strip" aria-label="Steps">
        <SeriesSelect choices={choices} choice={choice} />
        {steps && at >= 0 ? <Strip steps={steps} at={at} loading={matrix.loading} /> : null}
      </section>
      {asked.error ? <ErrorNote error={asked.error} onRetry={asked.retry} /> : null}
      {matrix.error ? <ErrorNote error={matrix.error} onRetry={matrix.retry} /> : null}
      {unreadable ? (
        <CutNote
          cut={`${visibleName(unreadable.tag)} of this run cannot be read: ${visibleName(unreadable.reason)}`}
        />
      ) : null}
      {steps && at >= 0 ? (
        <StepView
          choices={choices}
          choice={choice}
          place={place}
          steps={steps}
          at={at}
          matrix={matrix}
        />
      ) : steps ? (
        <EmptyState title="No step of this series is kept" />
      ) : asked.loading ? (
        <Skeleton lines={8} />
      ) : null}
    </div>
  );
}

const RUN_NAME_MOST = 40; // code points in the list: a browser would cut the end, which tells

function SeriesSelect({choices, choice}: SeriesViewProps) {
  const keyOf = ({run, series}: Choice) => JSON.stringify([run.run, series.name]);
  const label = (item: Choice, most = Number.POSITIVE_INFINITY) =>
    `${cutInMiddle(visibleName(item.run.run), most)} \u00b7 ${visibleName(titleAmong(choices, item))}`;
  return (
    <Select
      label="Run and series"
      prefix={<RunDot run={choice.run.run} size={8} />}
      options={choices.map((item) => ({
        value: keyOf(item),
        label: label(item, RUN_NAME_MOST),
      }))}
      value={keyOf(choice)}
      title={label(choice)}
      onChange={(key) => {
        const next = choices.find((item) => keyOf(item) === key);
        if (!next) return;
        batch(() => {
          chosenRun.value = next.run.run;
          seriesName.value = next.series.name;
          pinned.value = null;
          spot.value = null;
          playing.value = false;
        });
      }}
    />
  );
}

/** Index of the shown step: the chosen one, else the last that has a matrix, else the last. */
export function shownIndex({step: steps, has_matrix}: Steps, wanted: number): number {
  const exact = wanted === LAST ? -1 : steps.indexOf(wanted);
  if (exact >= 0) return exact;
  const withCells = has_matrix.lastIndexOf(1);
  return withCells >= 0 ? withCells : steps.length - 1;
}

/** Shows a step. The last one is not remembered by its number: new ones are followed. */
function show(steps: Steps, index: number): void {
  const chosen = steps.step[index];
  if (chosen === undefined) return;
  step.value = index === shownIndex(steps, LAST) ? LAST : chosen;
}

interface StripProps {
  readonly steps: Steps;
  readonly at: number;
  readonly loading: boolean;
}

function Strip({steps, at, loading}: StripProps) {
  const onShow = useCallback((index: number) => show(steps, index), [steps]);
  usePageKeys(at, steps.step.length - 1, onShow);
  return (
    <>
      <span class="divider" />
      <StepStrip
        steps={steps}
        at={at}
        compare={comparedIndex(steps)}
        loading={loading}
        onShow={onShow}
        onCompare={(index) => {
          compareStep.value = index === null ? NONE : (steps.step[index] ?? NONE);
        }}
      />
      <StripCut cut={steps.cut} />
    </>
  );
}

/** Index of the step that is compared with; null = none. */
function comparedIndex(steps: Steps): number | null {
  const index = compareStep.value === NONE ? -1 : steps.step.indexOf(compareStep.value);
  return index < 0 ? null : index;
}

/** Left, right, Home, End and space work wherever they mean nothing else. */
function usePageKeys(at: number, last: number, onShow: (index: number) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || isChord(event) || target.closest(OWN_KEYS)) return;
      if (event.key === ' ') {
        if (target.closest('button, a')) return;
        playing.value = !playing.value;
      } else {
        const next = PAGE_KEYS.has(event.key) ? nextIndex(event.key, at, last) : null;
        if (next === null) return;
        onShow(next);
      }
      event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [at, last, onShow]);
}

const PAGE_KEYS = new Set(['ArrowLeft', 'ArrowRight', 'Home', 'End']);

/** Where these keys mean something else. */
const OWN_KEYS =
  'input, select, textarea, .scores-box, [role=grid], [role=slider], [role=tablist], [role=listbox]';

function isChord({ctrlKey, metaKey, altKey}: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey;
}

interface StepViewProps extends SeriesViewProps {
  readonly place: Place;
  readonly steps: Steps;
  readonly at: number;
  readonly matrix: Answer<MatrixAnswer>;
}

function StepView({choices, choice, place, steps, at, matrix}: StepViewProps) {
  const before = comparedIndex(steps);
  const compared = useMatrix(
    place,
    before === null ? null : (steps.step[before] ?? null),
    'compare',
  );
  const {value} = matrix;
  const own = value && value.header.run === place.run && value.header.name === place.name;
  if (!own) return matrix.error ? null : <Skeleton lines={8} />;
  const earlier = before === null ? null : (compared.value?.header ?? null);
  return (
    <>
      <CutNote cut={value.header.cut} />
      {notices(value.header).map((notice) => (
        <CutNote key={notice} cut={notice} />
      ))}
      <Cards
        choices={choices}
        choice={choice}
        steps={steps}
        at={at}
        before={before}
        answer={value}
        earlier={earlier && isLike(earlier, value.header) ? earlier : null}
        stale={matrix.loading}
      />
    </>
  );
}

function isLike(a: MatrixHeader, b: MatrixHeader): boolean {
  return a.run === b.run && a.name === b.name && a.classes === b.classes;
}

interface CardsProps extends SeriesViewProps {
  readonly steps: Steps;
  readonly at: number;
  readonly before: number | null;
  readonly answer: MatrixAnswer;
  readonly earlier: MatrixHeader | null;
  readonly stale: boolean;
}

function Cards({choices, choice, steps, at, before, answer, earlier, stale}: CardsProps) {
  const {header} = answer;
  const cells = useCells(answer);
  const f1Steps = useStepsOfF1(choice.run.run, choice.series.name, header.classes);
  const multilabel = header.task === 'multilabel';
  const frozen = frozenFor(header, multilabel ? labelOrder.value : orderBy.value);
  const wanted = chosenClasses.value;
  const drawn = useMemo(
    () =>
      wanted === null
        ? frozen.worst
        : wanted.filter((index) => index < header.classes).slice(0, MOST_CURVES),
    [wanted, frozen, header.classes],
  );
  const names = useCallback(
    (index: number) => visibleName(frozen.names[index] ?? String(index)),
    [frozen],
  );
  const runs = choices
    .filter(
      ({series: {name, classes, task}}) =>
        name === choice.series.name &&
        classes === choice.series.classes &&
        task === choice.series.task,
    )
    .map(({run}) => run.run);
  const moment = (index: number): Moment => ({
    step: steps.step[index] ?? 0,
    wallTime: steps.wall_time[index] ?? 0,
    sinceStart: (steps.wall_time[index] ?? 0) - (steps.wall_time[0] ?? 0),
  });
  return (
    <div class={`classes-grid ${multilabel ? 'labels' : sizeOf(header.classes)}`}>
      {multilabel ? (
        <LabelCard header={header} order={frozen.order} names={names} stale={stale} />
      ) : (
        <MatrixCard header={header} cells={cells} order={frozen.order} stale={stale} />
      )}
      <ClassTable header={header} before={earlier} drawn={drawn} steps={f1Steps} />
      <OverTime
        run={choice.run.run}
        name={choice.series.name}
        multilabel={multilabel}
        runs={runs}
        drawn={drawn}
        names={names}
        shown={moment(at)}
        compared={before === null ? null : moment(before)}
        onPick={(picked) => show(steps, nearestIndex(steps.step, picked))}
      />
    </div>
  );
}

function sizeOf(classes: number): 'few' | 'some' | 'many' {
  return classes <= 16 ? 'few' : classes <= MOST_NAMED ? 'some' : 'many';
}
