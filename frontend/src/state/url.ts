/** Signals that live in the URL: a link opens the same view, and reload keeps it. */

import {effect, type Signal, signal, untracked} from '@preact/signals';
import {onStateChange, readState, writeState} from '../host.ts';

/** How a value is written in the URL. `read` gets null for what is not there or not understood. */
export interface Codec<T> {
  read(text: string): T | null;
  write(value: T): string;
}

export const text: Codec<string> = {read: (written) => written, write: (value) => value};

export const integer: Codec<number> = {
  read: (written) => (/^-?\d{1,15}$/.test(written) ? Number(written) : null),
  write: String,
};

export const flag: Codec<boolean> = {
  read: (written) => (written === '1' ? true : written === '0' ? false : null),
  write: (value) => (value ? '1' : '0'),
};

/** A number within bounds, with few digits. */
export function number(low: number, high: number): Codec<number> {
  return {
    read: (written) => {
      const value = Number(written);
      return written !== '' && value >= low && value <= high ? value : null;
    },
    write: (value) => String(Number(value.toPrecision(4))),
  };
}

/** One of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): Codec<T> {
  return {
    read: (written) => words.find((word) => word === written) ?? null,
    write: (value) => value,
  };
}

/** A list of texts, of any characters. */
export const texts: Codec<readonly string[]> = {
  read: (written) => {
    try {
      const list: unknown = JSON.parse(written);
      return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : null;
    } catch {
      return null;
    }
  },
  write: (value) => JSON.stringify(value),
};

/** A list of integers: `3,5`. */
export const integers: Codec<readonly number[]> = {
  read: (written) => (/^\d{1,9}(,\d{1,9})*$/.test(written) ? written.split(',').map(Number) : null),
  write: (value) => value.join(','),
};

interface Entry {
  readonly fallback: string;
  written(): string;
  set(written: string | undefined): void;
}

const entries = new Map<string, Entry>();
/** Set for pages that are not loaded yet. */
const unread = new Map<string, string>();
let listening = false;
let scheduled = false;
let push = false;

/**
 * A signal kept in the URL under `key`; at its fallback it is left out of the URL.
 *
 * Call it once per key, at the top of a module.
 *
 * Throws an Error if another module uses the key.
 */
export function urlState<T>(key: string, codec: Codec<T>, fallback: T): Signal<T> {
  if (entries.has(key)) throw new Error(`the URL key ${key} is used twice`);
  const read = (written: string | undefined) =>
    (written === undefined ? null : codec.read(written)) ?? fallback;
  const value = signal(read(readState().get(key)));
  entries.set(key, {
    fallback: codec.write(fallback),
    written: () => codec.write(value.peek()),
    set: (written) => {
      const next = read(written);
      if (codec.write(next) !== codec.write(value.peek())) value.value = next;
    },
  });
  listen();
  effect(() => {
    value.value;
    untracked(schedule);
  });
  return value;
}

/** Sets a key of a page that may not be loaded yet: it then reads it from the URL. */
export function setUrlState(key: string, written: string): void {
  const entry = entries.get(key);
  if (entry) entry.set(written);
  else unread.set(key, written);
  schedule();
}

/** Makes the next write a step that the back button undoes: for moving between pages. */
export function pushNextState(): void {
  push = true;
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    const state = readState(); // keys of chunks that are not loaded yet stay
    for (const [key, written] of unread) state.set(key, written);
    unread.clear();
    for (const [key, entry] of entries) {
      const written = entry.written();
      if (written === entry.fallback) state.delete(key);
      else state.set(key, written);
    }
    writeState(state, push);
    push = false;
  });
}

function listen(): void {
  if (listening) return;
  listening = true;
  onStateChange(() => {
    const state = readState();
    for (const [key, entry] of entries) entry.set(state.get(key));
  });
}
