/** The matrix of a step, quickly: neighbours are asked for before they are wanted. */
import {useEffect, useMemo} from 'preact/hooks';
import {
  type Answer,
  type Frame,
  getMatrix,
  type MatrixArrays,
  type MatrixHeader,
  useAnswer,
} from '../api/index.ts';
import {type Cells, cellsFrom} from './cells.ts';

export type MatrixAnswer = Frame<MatrixHeader, MatrixArrays>;

/** A step of a series, with the run's token so that news is asked for again. */
export interface Place {
  readonly run: string;
  readonly token: string;
  readonly name: string;
}

/** Questions under way, so that a prefetched step is not asked for twice. */
const flights = new Map<string, Promise<MatrixAnswer>>();

/** While a key is held down, so long without a press before the next question. */
const SETTLE_MS = 60;
/** When the shown step, and the compared one, were last asked for. */
const lastAsked = {show: 0, compare: 0};

function keyOf({run, token, name}: Place, step: number): string {
  return JSON.stringify([run, token, name, step]);
}

function fly(place: Place, step: number): Promise<MatrixAnswer> {
  const key = keyOf(place, step);
  const under = flights.get(key);
  if (under) return under;
  const flight = getMatrix(place.run, place.name, step).finally(() => flights.delete(key));
  flights.set(key, flight);
  return flight;
}

/** A press on its own is answered at once; in a burst, only where it comes to rest. */
async function settled(purpose: keyof typeof lastAsked, signal: AbortSignal): Promise<void> {
  const now = performance.now();
  const burst = now - lastAsked[purpose] < SETTLE_MS;
  lastAsked[purpose] = now;
  if (!burst) return;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  signal.throwIfAborted();
}

/** The matrix of a step; null = ask nothing. The last one stays while the next is fetched. */
export function useMatrix(
  place: Place,
  step: number | null,
  purpose: keyof typeof lastAsked,
): Answer<MatrixAnswer> {
  return useAnswer(step === null ? null : keyOf(place, step), async (signal) => {
    if (!prefetched.has(keyOf(place, step as number))) await settled(purpose, signal);
    return fly(place, step as number);
  });
}

/** Keys that were fetched ahead: answered from the client's cache, so never made to wait. */
const prefetched = new Set<string>();

/** Fetches the neighbours of a step once its own matrix is there. */
export function usePrefetch(
  place: Place,
  steps: readonly number[],
  at: number,
  ready: boolean,
): void {
  const wanted = [1, -1, 2].flatMap((offset) => steps[at + offset] ?? []);
  const key = JSON.stringify([keyOf(place, steps[at] ?? -1), wanted]);
  useEffect(() => {
    if (!ready) return;
    let stopped = false;
    const timeout = setTimeout(async () => {
      for (const next of wanted) {
        if (stopped) return;
        await fly(place, next).catch(() => undefined); // shown when it is asked for in earnest
        prefetched.add(keyOf(place, next));
      }
    }, 80);
    return () => {
      stopped = true;
      clearTimeout(timeout);
    };
  }, [key, ready]);
}

/** The cells of an answer, wrapped once; null where the answer has none. */
export function useCells(answer: MatrixAnswer | null): Cells | null {
  return useMemo(() => {
    if (answer?.header.layout !== 'csr') return null;
    const {indptr, indices, counts} = answer.arrays;
    const {support, predicted} = answer.header.per_class;
    return cellsFrom(indptr, indices, counts, support, predicted);
  }, [answer]);
}
