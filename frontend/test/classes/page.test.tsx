import {cleanup, fireEvent, render, screen, waitFor} from '@testing-library/preact';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {listing} from '../../src/api/client.ts';
import type {Listing, MatrixHeader, RunInfo, SeriesInfo} from '../../src/api/types.ts';
import {ClassesPage, shownIndex} from '../../src/classes/index.tsx';
import {choicesOf, chosenOf, titleAmong} from '../../src/classes/series_choice.ts';
import {compareStep, LAST, NONE, seriesName, step} from '../../src/classes/state.ts';
import {chosenRun, runFilter} from '../../src/state/runs.ts';
import {compressed, headerOf} from './samples.ts';

const MATRIX = [
  [8, 2],
  [1, 9],
];
const STEPS = [10, 20, 30];

function series(name: string, changes: Partial<SeriesInfo> = {}): SeriesInfo {
  return {
    name,
    split: name.split(/[/@]/)[0] as string,
    head: '',
    generation: 1,
    task: 'multiclass',
    classes: 2,
    pos_label: null,
    model: '',
    model_version: '',
    framework: '',
    kinds: ['averages', 'class_counts', 'confusion'],
    last_step: 30,
    ...changes,
  };
}

function run(name: string, ...all: SeriesInfo[]): RunInfo {
  return {
    run: name,
    token: `${++tokens}`,
    last_step: 30,
    last_wall_time: 1,
    series: all,
    fit: [],
    unreadable: [],
  };
}

/** A frame as docs/http_api.md has it. */
function frame(
  header: object,
  arrays: Record<string, Uint32Array | Uint16Array | Float64Array | Float32Array>,
): Uint8Array<ArrayBuffer> {
  const dtypes = new Map<unknown, string>([
    [Uint32Array, 'u4'],
    [Uint16Array, 'u2'],
    [Float64Array, 'f8'],
    [Float32Array, 'f4'],
  ]);
  const blocks: Uint8Array[] = [];
  let offset = 0;
  const infos = Object.entries(arrays).map(([name, array]) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    blocks.push(padded);
    const info = {
      name,
      dtype: dtypes.get(array.constructor),
      shape: [array.length],
      offset,
      length: bytes.length,
    };
    offset += padded.length;
    return info;
  });
  const text = new TextEncoder().encode(JSON.stringify({...header, arrays: infos}));
  const head = new Uint8Array(Math.ceil((text.length + 8) / 8) * 8 - 8).fill(32);
  head.set(text);
  const prefix = new Uint8Array(8);
  prefix.set(new TextEncoder().encode('TBM1'));
  new DataView(prefix.buffer).setUint32(4, head.length, true);
  const whole = new Uint8Array(8 + head.length + offset);
  whole.set(prefix);
  whole.set(head, 8);
  blocks.reduce((at, block) => {
    whole.set(block, at);
    return at + block.length;
  }, 8 + head.length);
  return whole;
}

let asked: URL[] = [];
/** Answers are kept by token: another one each time, so that no test sees another's. */
let tokens = 0;

function serve(changes: Partial<MatrixHeader> = {}, cut: string | null = null): void {
  asked = [];
  vi.stubGlobal('fetch', async (address: string) => {
    const url = new URL(address);
    asked.push(url);
    const route = url.pathname.split('/').at(-1);
    const name = url.searchParams.get('name') ?? '';
    const owner = url.searchParams.get('run') ?? '';
    if (route === 'steps') {
      return new Response(
        JSON.stringify({
          version: 1,
          run: owner,
          name,
          step: STEPS,
          wall_time: [1, 2, 3],
          has_matrix: [1, 1, 0],
          kept: {confusion: 2},
          logged: {confusion: 3},
          dropped: 0,
          cut,
        }),
      );
    }
    if (route === 'matrix') {
      const shown = Number(url.searchParams.get('step'));
      const header = headerOf(MATRIX, {run: owner, name, step: shown, ...changes});
      return new Response(frame(header, header.layout === 'csr' ? compressed(MATRIX) : {}));
    }
    const curve = {
      run: owner || 'a',
      average: 'macro',
      class: null,
      label: 'macro',
      start: 0,
      length: 3,
      kept: 3,
      logged: 3,
    };
    return new Response(
      frame(
        {version: 1, metric: 'f1', name, curves: [curve], cut: null},
        {
          step: Float64Array.from(STEPS),
          wall_time: Float64Array.from([1, 2, 3]),
          value: Float32Array.from([0.5, 0.6, 0.7]),
          low: Float32Array.from([0.4, 0.5, 0.6]),
          high: Float32Array.from([0.6, 0.7, 0.8]),
        },
      ),
    );
  });
}

function list(...runs: RunInfo[]): void {
  const known: Listing = {version: 1, token: `${Math.random()}`, logdir: 'logs', runs, cut: null};
  listing.value = known;
}

beforeEach(() => {
  chosenRun.value = '';
  seriesName.value = '';
  step.value = LAST;
  compareStep.value = NONE;
  runFilter.value = '';
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  listing.value = null;
});

test('the page shows the matrix of the last step that has one', async () => {
  serve();
  list(run('a', series('validation')));
  render(<ClassesPage />);
  await screen.findByRole('grid');
  expect(screen.getByText('2 classes \u00b7 20 examples')).toBeTruthy();
  expect(screen.getByRole('slider', {name: 'Step shown'}).getAttribute('aria-valuenow')).toBe('20');
});

test('arrow keys and End move the step, wherever the focus is', async () => {
  serve();
  list(run('a', series('validation')));
  render(<ClassesPage />);
  await screen.findByRole('grid');
  fireEvent.keyDown(document.body, {key: 'ArrowLeft'});
  expect(step.value).toBe(10);
  fireEvent.keyDown(document.body, {key: 'End'});
  expect(step.value).toBe(30);
  await waitFor(() =>
    expect(asked.some((url) => url.searchParams.get('step') === '30')).toBe(true),
  );
});

test('where the cells are not there the reason is said and the table still works', async () => {
  serve({layout: 'none', layout_reason: 'only every 10th matrix is kept'});
  list(run('a', series('validation')));
  render(<ClassesPage />);
  await screen.findByText('only every 10th matrix is kept');
  expect(document.querySelectorAll('tr[data-class]')).toHaveLength(2);
  expect(screen.queryByRole('grid')).toBeNull();
});

test('what was left out of the steps is said', async () => {
  serve({}, '500 of 1,200 matrices kept: start TensorBoard with --samples_per_plugin');
  list(run('a', series('validation')));
  render(<ClassesPage />);
  expect(await screen.findByText(/500 of 1,200 matrices kept/)).toBeTruthy();
});

test('comparing asks for the other step and shows what changed', async () => {
  serve();
  list(run('a', series('validation')));
  render(<ClassesPage />);
  await screen.findByRole('grid');
  fireEvent.click(screen.getByRole('button', {name: 'compare'}));
  expect(await screen.findByRole('columnheader', {name: '\u0394 since 10'})).toBeTruthy();
  expect(screen.getByRole('slider', {name: 'Step to compare with'})).toBeTruthy();
  fireEvent.click(screen.getByRole('button', {name: 'stop comparing'}));
  expect(screen.queryByRole('columnheader', {name: '\u0394 since 10'})).toBeNull();
});

test('without class scores there is a sentence on how to log them', () => {
  serve();
  list(run('a'));
  render(<ClassesPage />);
  expect(screen.getByText('No class scores were logged yet')).toBeTruthy();
});

test('a filter that hides all is named as the cause', () => {
  serve();
  list(run('a', series('validation')));
  runFilter.value = 'zzz';
  render(<ClassesPage />);
  expect(screen.getByText('No shown run has class scores')).toBeTruthy();
});

test('an answer that fails is said in place, with a way to try again', async () => {
  vi.stubGlobal(
    'fetch',
    async () => new Response('{"version": 1, "error": "run a is gone"}', {status: 404}),
  );
  list(run('a', series('validation')));
  render(<ClassesPage />);
  expect(await screen.findByText('run a is gone')).toBeTruthy();
  expect(screen.getByRole('button', {name: 'Try again'})).toBeTruthy();
});

test('two names of one split are told apart by how they were written', () => {
  const val = series('val', {split: 'validation'});
  const choices = choicesOf([
    run('a', val, series('validation')),
    run('other', series('validation')),
  ]);
  expect(choices.map((choice) => titleAmong(choices, choice))).toEqual([
    'validation ("val")',
    'validation ("validation")',
    'validation',
  ]);
});

test('validation is shown first, in its newest generation', () => {
  const choices = choicesOf([
    run('a', series('test'), series('validation'), series('validation@2', {generation: 2})),
    run('b', series('train')),
  ]);
  expect(chosenOf(choices, '', '')?.series.name).toBe('validation@2');
  expect(chosenOf(choices, 'b', 'validation')?.series.name).toBe('train');
  expect(chosenOf(choices, 'a', 'test')?.series.name).toBe('test');
  expect(chosenOf([], 'a', 'test')).toBeNull();
});

test('a step that is no longer kept falls back to the last one', () => {
  const steps = {
    version: 1,
    run: 'a',
    name: 'v',
    step: STEPS,
    wall_time: [1, 2, 3],
    has_matrix: [1, 1, 0] as const,
    kept: {},
    logged: {},
    dropped: 0,
    cut: null,
  };
  expect(shownIndex(steps, 10)).toBe(0);
  expect(shownIndex(steps, 15)).toBe(1);
  expect(shownIndex({...steps, has_matrix: [0, 0, 0]}, LAST)).toBe(2);
});
