/** Ties a question to a component: asks when its key changes, keeps the last answer meanwhile. */

import {useEffect, useRef, useState} from 'preact/hooks';
import {AnswerError} from './client.ts';

export interface Answer<T> {
  /** The last answer, also while a newer one is under way or has failed. */
  readonly value: T | null;
  /** The key that `value` answers. */
  readonly key: string | null;
  /** Why the current question failed. */
  readonly error: string | null;
  readonly loading: boolean;
  /** Asks again after a failure. */
  retry(): void;
}

/**
 * Asks a question and redraws with its answer.
 *
 * Args:
 *   key: What the answer depends on, as text: series, step, the list's token. null: ask nothing.
 *   question: Asked when the key changes; the signal aborts it when it changes again.
 */
export function useAnswer<T>(
  key: string | null,
  question: (signal: AbortSignal) => Promise<T>,
): Answer<T> {
  const [state, setState] = useState<Omit<Answer<T>, 'retry'>>({
    value: null,
    key: null,
    error: null,
    loading: key !== null,
  });
  const [attempt, setAttempt] = useState(0);
  const latest = useRef(question);
  latest.current = question;

  useEffect(() => {
    if (key === null) return;
    const abort = new AbortController();
    setState((last) => ({...last, error: null, loading: true}));
    latest
      .current(abort.signal)
      .then((value) => {
        if (!abort.signal.aborted) setState({value, key, error: null, loading: false});
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        setState((last) => ({...last, error: sentenceOf(error), loading: false}));
      });
    return () => abort.abort();
  }, [key, attempt]);

  return {...state, retry: () => setAttempt((count) => count + 1)};
}

function sentenceOf(error: unknown): string {
  if (error instanceof AnswerError) return error.message;
  return `The answer could not be read: ${error instanceof Error ? error.message : String(error)}`;
}
