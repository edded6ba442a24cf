import {cleanup, render, screen, waitFor, within} from '@testing-library/preact';
import userEvent from '@testing-library/user-event';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {listing} from '../../src/api/client.ts';
import type {FitCurve} from '../../src/api/types.ts';
import {fitsOf, worst} from '../../src/fit/curves.ts';
import {FitPage} from '../../src/fit/index.tsx';
import {Multiples} from '../../src/fit/multiples.tsx';
import {VerdictCard} from '../../src/fit/verdict_card.tsx';
import {chosenRun} from '../../src/state/runs.ts';
import {fitAnswer, listingAnswer} from '../fixtures.ts';

const {header} = fitAnswer();
const fits = fitsOf(fitAnswer(), 'step');
const risen = header.curves.find(({verdict}) => verdict.state === 'rose')!;

beforeEach(() => {
  listing.value = listingAnswer();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function card(info: FitCurve, lastStep = 40) {
  return render(
    <VerdictCard info={info} reasons={{gap: 'train was not logged'}} lastStep={lastStep} />,
  );
}

const unjudged = {
  ...risen.verdict,
  quantity: 'accuracy',
  state: 'not_judged' as const,
  tier: 'unknown' as const,
  label: 'not judged: over training size',
  since_step: null,
  recent_mean: null,
  threshold: null,
  rise: null,
};

describe('the page', () => {
  const ofRun = (name: string, quantities: readonly string[]) => {
    const known = listingAnswer();
    const info = known.runs[0]!;
    const fit = quantities.map((quantity) => ({
      name: quantity,
      quantity,
      head: '',
      generation: 1,
      higher_is_better: false,
      last_step: 1,
    }));
    listing.value = {...known, runs: [...known.runs, {...info, run: name, fit}]};
    chosenRun.value = name;
  };
  afterEach(() => {
    chosenRun.value = '';
  });

  test('asks for a quantity that the chosen run has', async () => {
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(String(url));
      return new Response('', {status: 404});
    });
    ofRun('scores only', ['accuracy']);
    render(<FitPage />);
    await waitFor(() => expect(asked.join()).toContain('quantity=accuracy'));
  });

  test('shows no verdict of another run in place of one that has no curves', async () => {
    ofRun('counts only', []);
    const {container} = render(<FitPage />);
    expect(container.textContent).toContain('No learning curves of counts only');
    expect(container.querySelector('.verdict')).toBeNull();
    vi.stubGlobal('fetch', async () => new Response('', {status: 404}));
    await userEvent.click(screen.getByRole('button', {name: 'Show another run'}));
    expect(chosenRun.value).toBe('');
  });
});

describe('the verdict card', () => {
  test('says since when, what to keep, and the rule it rests on', () => {
    const {container} = card(risen);
    const text = container.textContent ?? '';
    expect(screen.getByRole('heading', {level: 2}).textContent).toContain(
      `after step ${risen.best?.step}`,
    );
    expect(text).toContain(`Keep step ${risen.best?.step}`);
    expect(text).toContain(risen.verdict.rule);
  });

  test('copies the step to keep', async () => {
    const user = userEvent.setup();
    card(risen);
    await user.click(screen.getByRole('button', {name: 'Copy step'}));
    expect(await navigator.clipboard.readText()).toBe(String(risen.best?.step));
    expect(await screen.findByRole('button', {name: 'Copied'})).toBeTruthy();
  });

  test('does not judge a short run', () => {
    const verdict = {
      ...risen.verdict,
      state: 'too_short' as const,
      tier: 'unknown' as const,
      since_step: null,
    };
    const {container} = card({
      ...risen,
      verdict: {...verdict, label: 'too short: 5 of 8 evaluations'},
    });
    expect(container.textContent).toContain('Best so far');
    expect(container.textContent).not.toContain('Keep step');
  });

  test('names what is missing without a validation curve', () => {
    const {container} = card({
      ...risen,
      best: null,
      end: {train: 0.1, validation: null, gap: null},
      verdict: {
        ...risen.verdict,
        state: 'too_short',
        tier: 'unknown',
        recent_mean: null,
        threshold: null,
        rise: null,
      },
    });
    expect(container.textContent).toContain('there is no best step');
    expect(container.textContent).toContain('train was not logged');
  });

  test('of a curve over the training size judges nothing and keeps no step', () => {
    const {container} = card({
      ...risen,
      name: 'accuracy/training size',
      head: 'training size',
      over: 'training size',
      verdict: {
        ...risen.verdict,
        quantity: 'accuracy',
        state: 'not_judged',
        tier: 'unknown',
        label: 'not judged: over training size',
        since_step: null,
        recent_mean: null,
        threshold: null,
        rise: null,
      },
    });
    const text = container.textContent ?? '';
    expect(text).toContain('Not judged: over training size');
    expect(text).toContain('more examples help');
    expect(text).toMatch(/now at training size \d+/);
    expect(text).not.toContain('Keep');
    expect(text).not.toContain('It is a rule of one line');
  });

  test('of a curve over the values of a parameter names the best one, without advice', () => {
    const over = 'svc__gamma by index';
    const {container} = card({
      ...risen,
      name: `accuracy/${over}`,
      head: over,
      over,
      best: {step: 1, value: 0.98},
      verdict: {...unjudged, label: 'not judged: over a parameter'},
    });
    const text = container.textContent ?? '';
    expect(text).toContain('Best validation accuracy: 0.980 at svc__gamma by index 1');
    expect(text).not.toContain('Keep');
  });

  test('says why a score that was logged as a loss is not judged', () => {
    const rule = 'accuracy was logged without higher_is_better=True: not judged';
    const {container} = card({...risen, best: null, verdict: {...unjudged, rule}});
    expect(container.textContent).toContain(`A${rule.slice(1)}.`);
    expect(container.textContent).not.toContain('Keep');
  });

  test('counts what the server did not keep and what was not written', () => {
    const {container} = card({...risen, kept: 20, logged: 5_000, dropped: 3});
    expect(container.textContent).toContain('20 of 5,000');
    expect(container.textContent).toMatch(/Records not written3/);
  });
});

describe('the small multiples', () => {
  test('are one button per curve, the chosen one pressed', async () => {
    const chosen = worst(fits)!;
    const onChoose = vi.fn();
    const {container} = render(
      <Multiples fits={fits} chosen={chosen} log={false} onChoose={onChoose} />,
    );
    const tiles = within(container as HTMLElement).getAllByRole('button');
    expect(tiles).toHaveLength(fits.length);
    expect(tiles.filter((tile) => tile.getAttribute('aria-pressed') === 'true')).toHaveLength(1);
    await userEvent.click(tiles.at(-1)!);
    await waitFor(() => expect(onChoose).toHaveBeenCalledOnce());
  });

  test('draw no markup from names', () => {
    const name = '<img src=x onerror=alert(1)>';
    const hostile = fits.map((fit) => ({...fit, info: {...fit.info, run: name}}));
    const {container} = render(
      <Multiples fits={hostile} chosen={hostile[0]!} log={false} onChoose={() => {}} />,
    );
    expect(container.querySelector('img')).toBeNull();
    expect(container.textContent).toContain(name);
  });
});
