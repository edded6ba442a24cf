/** Fit: is it over- or underfitting, and which step do I keep? */

import './fit.css';
import {useMemo} from 'preact/hooks';
import {getFit} from '../api/client.ts';
import type {Frame} from '../api/frame.ts';
import type {FitArrays, FitCurve, FitHeader} from '../api/types.ts';
import {useAnswer} from '../api/use_answer.ts';
import {capitalised, cutInMiddle, plural, visibleName} from '../elements/format.ts';
import {NoRunShown} from '../elements/no_run_shown.tsx';
import {CutNote, EmptyState, ErrorNote, Skeleton} from '../elements/notes.tsx';
import {RunDot} from '../elements/run_dot.tsx';
import {Segmented} from '../elements/segmented.tsx';
import {Select} from '../elements/select.tsx';
import {chosenRun, firstFit, shownKey, shownNames, shownRuns} from '../state/runs.ts';
import {useWidth} from '../state/size.ts';
import {number, oneOf, text, urlState} from '../state/url.ts';
import {xAxis} from '../state/view.ts';
import {BigChart} from './big_chart.tsx';
import {type Fit, fitsOf, notNumbersText, worst} from './curves.ts';
import {Multiples} from './multiples.tsx';
import {VerdictCard} from './verdict_card.tsx';

const quantity = urlState('curve', text, '');
const chosenName = urlState('fit', text, '');
const smoothing = urlState('smooth', number(0, 1), 0.4);
const scale = urlState('scale', oneOf('linear', 'log'), 'linear');
const shown = urlState('show', oneOf('one', 'overlay'), 'one');

export function FitPage() {
  const names = shownNames.value;
  const some = shownRuns.value.some(({fit}) => fit.length > 0);
  const ofRun = shownRuns.value.find(({run}) => run === chosenRun.value);
  const wanted = quantity.value || (ofRun && firstFit(ofRun)?.quantity) || '';
  const key = some ? JSON.stringify([shownKey.value, wanted]) : null;
  const {value, error, retry} = useAnswer(key, (signal) =>
    getFit(names, wanted || undefined, signal),
  );
  if (names.length === 0) return <NoRunShown />;
  if (!some) return <NoCurves />;
  if (ofRun && ofRun.fit.length === 0) return <NoCurvesOf run={ofRun.run} />;
  return (
    <>
      {error ? (
        <ErrorNote
          error={error}
          onRetry={quantity.value ? () => showDefault() : retry}
          label={quantity.value ? 'Show the usual quantity' : undefined}
        />
      ) : null}
      {value ? <Contents answer={value} /> : error ? null : <Skeleton lines={9} />}
    </>
  );
}

function showDefault(): void {
  quantity.value = '';
}

function Contents({answer}: {readonly answer: Frame<FitHeader, FitArrays>}) {
  const axis = xAxis.value;
  const {header} = answer;
  const fits = useMemo(() => fitsOf(answer, axis), [answer, axis]);
  const fit = chosenOf(fits);
  const overlay = shown.value === 'overlay';
  const drawn = useMemo(() => (overlay || !fit ? fits : [fit]), [overlay, fits, fit]);
  const [box, width] = useWidth<HTMLDivElement>(960);
  if (!fit) return <NoCurves />;
  const last = fit.validation ?? fit.train;
  const narrow = width < 560;
  return (
    <div class="fit">
      <section class="card fit-main">
        <Controls header={header} fits={fits} fit={fit} />
        <CutNote cut={otherRun(fit, header.quantity)} />
        <CutNote cut={notNumbersText(fit.info)} />
        <div ref={box}>
          <BigChart
            fit={fit}
            drawn={drawn}
            axis={axis}
            log={scale.value === 'log'}
            smoothing={smoothing.value}
            height={narrow ? 320 : 446}
            labelWidth={overlay ? 132 : narrow ? 96 : 122}
          />
        </div>
        <footer class="fit-foot">
          <span>
            {overlay
              ? 'Solid is validation, dashed is train; the chosen run is strong.'
              : fit.info.verdict.state === 'not_judged'
                ? 'The raw points are drawn faintly; smoothing is for the eye only.'
                : 'Judged on the raw points, drawn faintly; smoothing is for the eye only.'}
          </span>
          <span>
            Drag to zoom. Logged as <code>fit("{visibleName(fit.info.name)}", …)</code>
          </span>
        </footer>
        <CutNote cut={header.cut} />
      </section>
      <VerdictCard
        info={fit.info}
        reasons={header.reasons}
        lastStep={last ? (last.step[last.step.length - 1] ?? null) : null}
      />
      <Multiples fits={fits} chosen={fit} log={scale.value === 'log'} onChoose={choose} />
    </div>
  );
}

function choose({info}: Fit): void {
  chosenRun.value = info.run;
  chosenName.value = info.head || info.generation > 1 ? info.name : '';
}

/** Says that the chosen run has no such curve, where another run's is shown in its place. */
function otherRun({info}: Fit, name: string): string | null {
  const wanted = chosenRun.value;
  if (wanted === '' || wanted === info.run) return null;
  return `${visibleName(wanted)} has not logged fit("${visibleName(name)}", …): this is ${visibleName(info.run)}.`;
}

/** The curve of the chosen run, else the one that most needs a look. */
function chosenOf(fits: readonly Fit[]): Fit | null {
  const ofRun = fits.filter(({info}) => info.run === chosenRun.value);
  return ofRun.find(({info}) => info.name === chosenName.value) ?? ofRun[0] ?? worst(fits);
}

interface ControlsProps {
  readonly header: FitHeader;
  readonly fits: readonly Fit[];
  readonly fit: Fit;
}

function Controls({header, fits, fit}: ControlsProps) {
  return (
    <div class="fit-controls">
      <Select
        label="Run"
        prefix={<RunDot run={fit.info.run} />}
        options={fits.map(({key, info}) => ({
          value: key,
          label: cutInMiddle(labelOf(info), NAME_MOST),
        }))}
        value={fit.key}
        title={labelOf(fit.info)}
        onChange={(key) => {
          const chosen = fits.find((other) => other.key === key);
          if (chosen) choose(chosen);
        }}
      />
      <Quantities header={header} />
      <span class="grow" />
      <label class="smoothing" title="Local linear smoothing: for the eye only">
        Smoothing
        <input
          class="slider"
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={smoothing.value}
          style={{'--share': smoothing.value}}
          onInput={(event) => {
            smoothing.value = Number(event.currentTarget.value);
          }}
        />
        <output>{smoothing.value.toFixed(2)}</output>
      </label>
      <Segmented
        label="Vertical axis"
        options={[
          {value: 'linear', label: 'Linear'},
          {value: 'log', label: 'Log'},
        ]}
        value={scale.value}
        onChange={(value) => {
          scale.value = value;
        }}
      />
      <Segmented
        label="Runs drawn"
        options={[
          {value: 'one', label: 'One'},
          {value: 'overlay', label: 'Overlay'},
        ]}
        value={shown.value}
        onChange={(value) => {
          shown.value = value;
        }}
      />
    </div>
  );
}

const NAME_MOST = 48; // code points in the list: a browser would cut the end, which tells

function labelOf(info: FitCurve): string {
  return visibleName(info.head ? `${info.run} · ${info.name}` : info.run);
}

const SEGMENTS_MOST = 4;

/** Which quantity is drawn: buttons for a few, a list for many. */
function Quantities({header}: {readonly header: FitHeader}) {
  const options = lossFirst(header.quantities).map((name) => ({
    value: name,
    label: capitalised(visibleName(name)),
  }));
  const onChange = (value: string) => {
    quantity.value = value;
  };
  if (options.length < 2) return null;
  return options.length <= SEGMENTS_MOST ? (
    <Segmented label="Quantity" options={options} value={header.quantity} onChange={onChange} />
  ) : (
    <Select label="Quantity" options={options} value={header.quantity} onChange={onChange} />
  );
}

function lossFirst(names: readonly string[]): string[] {
  return [...names].sort((a, b) => Number(b === 'loss') - Number(a === 'loss'));
}

/** Another run's verdict in its place would be read as its own. */
function NoCurvesOf({run}: {readonly run: string}) {
  return (
    <section class="card">
      <EmptyState title={`No learning curves of ${visibleName(run)}`}>
        <p>This run has logged no train and validation values of one quantity.</p>
        <p>
          <button type="button" class="button" onClick={() => showAnyRun()}>
            Show another run
          </button>
        </p>
      </EmptyState>
    </section>
  );
}

function showAnyRun(): void {
  chosenRun.value = '';
}

function NoCurves() {
  const count = shownRuns.value.length;
  return (
    <section class="card">
      <EmptyState title="No learning curves">
        <p>
          None of the {plural(count, 'shown run')} has logged train and validation values of one
          quantity.
        </p>
        <p>
          Log them at each evaluation with{' '}
          <code>monitor.fit("loss", train=0.31, validation=0.42, step=step)</code>, or pass{' '}
          <code>MonitorCallback</code> to Keras.
        </p>
      </EmptyState>
    </section>
  );
}
