/** The page that is open and the horizontal axis of its charts. */

import {batch} from '@preact/signals';
import type {FitInfo} from '../api/types.ts';
import {chosenRun} from './runs.ts';
import {oneOf, pushNextState, setUrlState, urlState} from './url.ts';

export const PAGES = ['overview', 'classes', 'fit'] as const;
export type Page = (typeof PAGES)[number];

export const X_AXES = ['step', 'relative', 'wall'] as const;
/** `relative`: time since the first value of a run; `wall`: the clock. */
export type XAxis = (typeof X_AXES)[number];

export const page = urlState<Page>('page', oneOf(...PAGES), 'overview');
export const xAxis = urlState<XAxis>('x', oneOf(...X_AXES), 'step');

/** What a page is opened on. */
export interface Subject {
  readonly run: string;
  /** For Classes: a series of that run. */
  readonly series?: string;
  /** For Fit: a curve of that run. */
  readonly curve?: FitInfo | undefined;
}

/** Opens a page, on a run if one is given. The back button comes back. */
export function openPage(next: Page, subject?: Subject): void {
  if (next === page.value && (!subject || subject.run === chosenRun.value)) return;
  pushNextState();
  batch(() => {
    page.value = next;
    if (subject) chosenRun.value = subject.run;
    if (subject?.series) setUrlState('series', subject.series);
    if (subject?.curve) {
      setUrlState('curve', subject.curve.quantity);
      setUrlState('fit', subject.curve.name);
    }
  });
  window.scrollTo(0, 0);
}
