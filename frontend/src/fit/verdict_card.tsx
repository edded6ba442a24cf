/** What the rule says of one run, with its numbers in words, and which step to keep. */

import type {FitCurve, FitVerdict, Reasons} from '../api/types.ts';
import {CopyButton} from '../elements/copy_button.tsx';
import {Undefined} from '../elements/estimate.tsx';
import {
  capitalised,
  formatInteger,
  formatLike,
  formatNumber,
  formatSigned,
  visibleName,
} from '../elements/format.ts';
import {Glyph} from '../elements/glyph.tsx';
import {RunName} from '../elements/run_dot.tsx';
import {axisOf, glyphOf, hasNoNumber, placeOf, quantityOf, riseText} from './curves.ts';
import {RuleLine} from './rule_line.tsx';

interface VerdictCardProps {
  readonly info: FitCurve;
  readonly reasons: Reasons;
  /** The step of the last evaluation. */
  readonly lastStep: number | null;
}

export function VerdictCard({info, reasons, lastStep}: VerdictCardProps) {
  return (
    <aside class="card verdict" aria-label="Verdict">
      <Head info={info} lastStep={lastStep} />
      <Rule info={info} />
      {info.verdict.state === 'not_judged' ? (
        <BestPoint info={info} />
      ) : (
        <Keep info={info} lastStep={lastStep} />
      )}
      <Evidence info={info} reasons={reasons} />
      {info.verdict.state === 'not_judged' ? null : <Trust info={info} />}
    </aside>
  );
}

function Trust({info}: {readonly info: FitCurve}) {
  return (
    <section class="verdict-note">
      <h3>How far to trust this</h3>
      <p>
        It is a rule of one line: <q>{info.verdict.rule}</q>. It weighs neither the noise of the
        curve nor the number of validation examples, so look at the faint raw curve before you act
        on a small rise.
      </p>
    </section>
  );
}

function Head({info, lastStep}: {readonly info: FitCurve; readonly lastStep: number | null}) {
  const {verdict} = info;
  const rose = verdict.since_step !== null && !hasNoNumber(verdict);
  const since = rose ? ` after ${placeOf(info, verdict.since_step ?? 0)}` : '';
  const now = lastStep === null ? '' : `now at ${placeOf(info, lastStep)}`;
  return (
    <header class={`verdict-head verdict-${verdict.tier}`}>
      <Glyph state={glyphOf(verdict)} size={36} />
      <div>
        <h2>
          {capitalised(
            verdict.state === 'no_rise'
              ? `${verdict.label} of validation ${quantityOf(info)}`
              : verdict.label,
          )}
          {since}
        </h2>
        <p>
          <RunName run={info.run} />
          {info.head ? <span class="cut">{visibleName(info.head)}</span> : null}
          <span>{now}</span>
        </p>
      </div>
    </header>
  );
}

const NO_NUMBER =
  'The last validation values are not numbers, so there is no mean to compare. Usual causes: a learning rate ' +
  'that is too high, or a logarithm or a division that meets 0.';
const TOO_FEW =
  'The rule compares the mean of the last few validation values with the best one. With so few values ' +
  'chance decides, so it says nothing yet.';

const BEST_IS_LAST = 'The best value is the last one: nothing came after it that could be worse.';
const BEST_IS_RECENT =
  'The best value is among the last three: too few came after it to tell a rise from chance.';

const OVER_SIZE =
  'Each point is another model, trained on more examples. Where validation still gains at the right end, more ' +
  'examples help; where train and validation have met, a more flexible model may.';

const OVER_VALUES =
  'Each point is another model, with another value of the parameter. Where train and validation are both bad it ' +
  'fits too little; where train is good and validation is not, it fits too closely.';

function whyNotJudged(over: string, {rule}: FitVerdict): string {
  if (over === TRAINING_SIZE) return OVER_SIZE;
  return over === 'step' ? `${capitalised(rule)}.` : OVER_VALUES;
}

function whyNoRise({verdict, over}: FitCurve): string {
  if (verdict.state === 'not_judged') return whyNotJudged(over, verdict);
  if (hasNoNumber(verdict)) return NO_NUMBER;
  if (verdict.state !== 'no_rise') return TOO_FEW;
  return verdict.recent_count === 0 ? BEST_IS_LAST : BEST_IS_RECENT;
}

/** The rule's own numbers. */
function Rule({info}: {readonly info: FitCurve}) {
  const {verdict, best} = info;
  const {recent_mean: recent, recent_count: count, threshold, rise} = verdict;
  if (verdict.state === 'too_short' || recent === null || threshold === null || !best) {
    return (
      <section>
        <p>{whyNoRise(info)}</p>
      </section>
    );
  }
  return (
    <section>
      <div class="verdict-rise">
        <span class="big">
          {rise === null ? formatNumber(recent) : riseText(rise, info.higher_is_better)}
        </span>
        <span class="muted">
          {count === 1
            ? 'the last validation value'
            : `mean of the last ${formatInteger(count)} validation values`}
          ,
          <br />
          against the best one
        </span>
      </div>
      <RuleLine best={best.value} recent={recent} threshold={threshold} state={verdict.state} />
      <p class="muted small">
        {formatNumber(recent)}{' '}
        {count === 1 ? 'at the end' : `on average over the last ${formatInteger(count)}`},{' '}
        {formatNumber(best.value)} at {placeOf(info, best.step)}. It counts as{' '}
        {info.higher_is_better ? 'a fall below' : 'a rise beyond'} {formatNumber(threshold)}.
      </p>
    </section>
  );
}

const TRAINING_SIZE = 'training size';

/** Of a curve over the values of a parameter: where it is best, without advice. */
function BestPoint({info}: {readonly info: FitCurve}) {
  const {best, over} = info;
  if (!best || over === 'step' || over === TRAINING_SIZE) return null;
  return (
    <section>
      <p>
        Best validation {quantityOf(info)}: {formatNumber(best.value)} at {placeOf(info, best.step)}
      </p>
    </section>
  );
}

function Keep({info, lastStep}: {readonly info: FitCurve; readonly lastStep: number | null}) {
  const {best, verdict} = info;
  if (!best) {
    return (
      <section>
        <p>
          No validation value was logged, so there is no best step. Log one with{' '}
          <code>fit(…, validation=…)</code>.
        </p>
      </section>
    );
  }
  const last = best.step === lastStep;
  const context = hasNoNumber(verdict)
    ? 'the best before the values stopped being numbers'
    : verdict.state === 'rose'
      ? 'what came after it did not pay on validation data'
      : last
        ? 'the last one so far: it may still get better'
        : 'the best so far';
  return (
    <section class="verdict-keep">
      <p>
        <b>
          {verdict.state === 'too_short' ? 'Best so far:' : 'Keep'} {placeOf(info, best.step)}
        </b>
        , validation {quantityOf(info)} {formatNumber(best.value)}
        <br />
        <span class="muted">{context}</span>
      </p>
      <CopyButton
        label={info.over === 'step' ? 'Copy step' : 'Copy'}
        bordered
        text={() => String(best.step)}
      />
    </section>
  );
}

function Evidence({info, reasons}: {readonly info: FitCurve; readonly reasons: Reasons}) {
  const {end, gap_at_best: before, verdict, kept, logged, dropped} = info;
  const gapReason = reasons.gap ?? 'train or validation value not logged';
  const like = (gap: number) => formatLike(gap, end.validation);
  return (
    <section>
      <h3>
        In numbers <span>means of the last tenth</span>
      </h3>
      <dl>
        <dt>Validation {quantityOf(info)}</dt>
        <dd>
          {end.validation === null ? (
            <Undefined reason={gapReason} />
          ) : (
            formatNumber(end.validation)
          )}
        </dd>
        <dt>Train {quantityOf(info)}</dt>
        <dd>{end.train === null ? <Undefined reason={gapReason} /> : formatNumber(end.train)}</dd>
        <dt>
          Gap <span class="muted">validation − train</span>
        </dt>
        <dd>{end.gap === null ? <Undefined reason={gapReason} /> : formatSigned(end.gap, like)}</dd>
        <dt>Gap at the best {axisOf(info)}</dt>
        <dd>{before === null ? <Undefined reason={gapReason} /> : formatSigned(before, like)}</dd>
        <dt>Evaluations</dt>
        <dd>{formatInteger(verdict.evaluations)}</dd>
        {logged > kept ? (
          <>
            <dt>Steps kept by TensorBoard</dt>
            <dd>
              {formatInteger(kept)} of {formatInteger(logged)}
            </dd>
          </>
        ) : null}
        {dropped > 0 ? (
          <>
            <dt>Records not written</dt>
            <dd class="act">{formatInteger(dropped)}</dd>
          </>
        ) : null}
      </dl>
    </section>
  );
}
