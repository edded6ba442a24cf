/**
 * Asks the plugin, keeps what it answered, and turns failures into sentences.
 */

import {signal} from '@preact/signals';
import {decodeFrame, type Frame} from './frame.ts';
import type {
  Average,
  FitArrays,
  FitHeader,
  Listing,
  MatrixArrays,
  MatrixHeader,
  Metric,
  Overview,
  SeriesArrays,
  SeriesHeader,
  Steps,
} from './types.ts';

const TIMEOUT_MS = 60_000;
const CACHE_BYTES = 32 * 2 ** 20; // about 16 matrices of 1,000 classes, or all of 20 small runs

/** The plugin's answer was an error; `message` is a sentence for the user. */
export class AnswerError extends Error {
  readonly status: number;
  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

/** How many questions are under way. */
export const pending = signal(0);

/** Which runs there are; null until the first answer. */
export const listing = signal<Listing | null>(null);

/** Questions that were asked before this code was loaded. */
export interface Early {
  runs?: Promise<Response>;
  overview?: Promise<Response>;
}

let early: Early = {};

/** Takes the first answers from questions that are already under way. */
export function takeEarly(questions: Early): void {
  early = {...questions};
}

/** Asks which runs there are. An unchanged list keeps its identity, so that nothing redraws. */
export async function refreshListing(): Promise<Listing> {
  const {runs} = early;
  delete early.runs;
  const response = await (runs?.catch(() => ask('runs', [])) ?? ask('runs', []));
  const next = JSON.parse(new TextDecoder().decode(await bodyOf(response))) as Listing;
  if (listing.value?.token !== next.token) listing.value = next;
  return listing.value ?? next;
}

/** One row per run, head and split of the given runs. */
export async function getOverview(
  runs: readonly string[],
  signal?: AbortSignal,
): Promise<Overview> {
  return (
    (await earlyOverview(runs)) ??
    (await aboutRuns(runs, (params) => askJson<Overview>('overview', params, signal)))
  );
}

/** The answer that is under way, if it is about all runs and about the list as it is. */
async function earlyOverview(runs: readonly string[]): Promise<Overview | null> {
  const {overview} = early;
  delete early.overview;
  if (!overview || runs.length !== listing.value?.runs.length) return null;
  try {
    const answer = JSON.parse(new TextDecoder().decode(await bodyOf(await overview))) as Overview;
    return answer.token === listing.value.token ? answer : null;
  } catch {
    return null; // asked again in the ordinary way, whose failure is shown
  }
}

/** The steps that one series can be shown at. */
export function getSteps(run: string, name: string, signal?: AbortSignal): Promise<Steps> {
  return askJson(
    'steps',
    [
      ['run', run],
      ['name', name],
    ],
    signal,
    tokenOf(run),
  );
}

/** One step of one series, cells included; the last step if `step` is left out. */
export function getMatrix(
  run: string,
  name: string,
  step?: number,
  signal?: AbortSignal,
): Promise<Frame<MatrixHeader, MatrixArrays>> {
  const params: Param[] = [
    ['run', run],
    ['name', name],
  ];
  if (step !== undefined) params.push(['step', String(step)]);
  return askFrame('matrix', params, signal, tokenOf(run));
}

export interface SeriesQuery {
  readonly name: string;
  readonly metric: Metric;
  readonly averages?: readonly Average[];
  /** Class indices, at most 20. */
  readonly classes?: readonly number[];
}

/** Curves over steps of averages and classes. */
export function getSeries(
  runs: readonly string[],
  query: SeriesQuery,
  signal?: AbortSignal,
): Promise<Frame<SeriesHeader, SeriesArrays>> {
  return aboutRuns(runs, (params) => {
    const all: Param[] = [...params, ['name', query.name], ['metric', query.metric]];
    if (query.averages?.length) all.push(['average', query.averages.join(',')]);
    if (query.classes?.length) all.push(['class', query.classes.join(',')]);
    return askFrame('series', all, signal);
  });
}

/** Train and validation curves of one quantity, and what the rule says of each. */
export function getFit(
  runs: readonly string[],
  quantity?: string,
  signal?: AbortSignal,
): Promise<Frame<FitHeader, FitArrays>> {
  return aboutRuns(runs, (params) =>
    askFrame('fit', quantity ? [...params, ['quantity', quantity]] : params, signal),
  );
}

/** `[0, 1, 2, 3, 7]` is `0-3,7`. */
export function indexRanges(indices: readonly number[]): string {
  const ranges: string[] = [];
  const ascending = [...indices].sort((a, b) => a - b);
  for (let i = 0; i < ascending.length; ) {
    let end = i;
    while (ascending[end + 1] === (ascending[end] ?? 0) + 1) end++;
    ranges.push(i === end ? `${ascending[i]}` : `${ascending[i]}-${ascending[end]}`);
    i = end + 1;
  }
  return ranges.join(',');
}

type Param = readonly [string, string];

/** Asks about several runs; if the list has changed meanwhile, asks for it anew, once. */
async function aboutRuns<T>(
  runs: readonly string[],
  question: (params: readonly Param[]) => Promise<T>,
): Promise<T> {
  const known = listing.value ?? (await refreshListing());
  try {
    return await question(selection(known, runs));
  } catch (error) {
    if (!(error instanceof AnswerError && error.status === 409)) throw error;
    return question(selection(await refreshListing(), runs));
  }
}

function selection(known: Listing, runs: readonly string[]): readonly Param[] {
  const wanted = new Set(runs);
  const indices = known.runs.flatMap(({run}, index) => (wanted.has(run) ? [index] : []));
  const all = indices.length === known.runs.length;
  return all
    ? [['token', known.token]]
    : [
        ['runs', indexRanges(indices)],
        ['token', known.token],
      ];
}

function tokenOf(run: string): string {
  return listing.value?.runs.find((info) => info.run === run)?.token ?? '';
}

async function askJson<T>(
  route: string,
  params: readonly Param[],
  signal?: AbortSignal,
  version = '',
): Promise<T> {
  return askCached(
    route,
    params,
    signal,
    version,
    (body) => JSON.parse(new TextDecoder().decode(body)) as T,
  );
}

async function askFrame<Header, Arrays>(
  route: string,
  params: readonly Param[],
  signal?: AbortSignal,
  version = '',
): Promise<Frame<Header, Arrays>> {
  return askCached(route, params, signal, version, (body) => decodeFrame<Header, Arrays>(body));
}

/** What was answered, oldest use first; the key holds the token, so that news is asked for. */
const answers = new Map<string, {value: unknown; bytes: number}>();

async function askCached<T>(
  route: string,
  params: readonly Param[],
  signal: AbortSignal | undefined,
  version: string,
  decode: (body: ArrayBuffer) => T,
): Promise<T> {
  const key = `${version} ${urlOf(route, params)}`;
  const kept = answers.get(key);
  if (kept) {
    answers.delete(key);
    answers.set(key, kept);
    return kept.value as T;
  }
  const body = await bodyOf(await ask(route, params, signal));
  const value = decode(body);
  answers.set(key, {value, bytes: body.byteLength});
  forgetOldest();
  return value;
}

function forgetOldest(): void {
  let total = 0;
  for (const {bytes} of answers.values()) total += bytes;
  for (const [key, {bytes}] of answers) {
    if (total <= CACHE_BYTES) return;
    answers.delete(key);
    total -= bytes;
  }
}

async function ask(
  route: string,
  params: readonly Param[],
  signal?: AbortSignal,
): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  pending.value++;
  try {
    return await fetch(urlOf(route, params), {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const slow = error instanceof DOMException && error.name === 'TimeoutError';
    throw new AnswerError(
      0,
      slow
        ? `TensorBoard did not answer within ${TIMEOUT_MS / 1000} seconds.`
        : 'TensorBoard does not answer: is it still running?',
    );
  } finally {
    pending.value--;
  }
}

async function bodyOf(response: Response): Promise<ArrayBuffer> {
  const body = await response.arrayBuffer();
  if (response.ok) return body;
  throw new AnswerError(response.status, errorSentence(response, new TextDecoder().decode(body)));
}

function errorSentence(response: Response, body: string): string {
  try {
    const answer: unknown = JSON.parse(body);
    if (answer && typeof answer === 'object' && 'error' in answer) return String(answer.error);
  } catch {
    // not ours: a proxy's page, say
  }
  return `TensorBoard answered ${response.status} ${response.statusText}`.trim();
}

function urlOf(route: string, params: readonly Param[]): string {
  const query = new URLSearchParams(params.map(([key, value]) => [key, value])).toString();
  return new URL(query ? `${route}?${query}` : route, document.baseURI).href;
}
