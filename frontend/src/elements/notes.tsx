/** What stands where a picture cannot: why, and what to do. */

import type {ComponentChildren} from 'preact';
import {Icon} from './glyph.tsx';

/** One helpful sentence where there is nothing to draw. */
export function EmptyState({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

interface ErrorNoteProps {
  readonly error: string;
  /** What may help, and its name. */
  onRetry?(): void;
  readonly label?: string | undefined;
}

/** A failure, said in place; the rest of the page stays. */
export function ErrorNote({error, onRetry, label = 'Try again'}: ErrorNoteProps) {
  return (
    <div class="error-note" role="alert">
      <Icon name="alert" />
      <span>{error}</span>
      {onRetry ? (
        <button type="button" class="link" onClick={onRetry}>
          {label}
        </button>
      ) : null}
    </div>
  );
}

/** What the plugin left out of an answer, and how to get it. */
export function CutNote({cut}: {readonly cut: string | null}) {
  return cut ? (
    <p class="cut-note">
      <Icon name="info" /> {cut}
    </p>
  ) : null;
}

export function Spinner({label = 'loading'}: {readonly label?: string}) {
  return (
    <span class="spinner" role="status">
      <span class="unseen">{label}</span>
    </span>
  );
}

/** Grey bars in the shape of what is being loaded. */
export function Skeleton({lines = 3}: {readonly lines?: number}) {
  return (
    <div class="skeleton" role="status" aria-label="loading">
      {Array.from({length: lines}, (_, line) => (
        <span key={`${line}`} />
      ))}
    </div>
  );
}
