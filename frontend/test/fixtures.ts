/** The plugin's own answers, as tests/contract/make_fixtures.py recorded them. */

import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {decodeFrame, type Frame} from '../src/api/frame.ts';
import type {
  FitArrays,
  FitHeader,
  Listing,
  MatrixArrays,
  MatrixHeader,
  Overview,
} from '../src/api/types.ts';

const FOLDER = join(import.meta.dirname, '../../tests/contract/fixtures');

export function fixtureBytes(name: string): ArrayBuffer {
  const {buffer, byteOffset, byteLength} = readFileSync(join(FOLDER, name));
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function json<T>(name: string): T {
  return JSON.parse(new TextDecoder().decode(fixtureBytes(name))) as T;
}

export const listingAnswer = () => json<Listing>('runs.json');
export const overviewAnswer = () => json<Overview>('overview.json');

export function fitAnswer(): Frame<FitHeader, FitArrays> {
  return decodeFrame(fixtureBytes('fit.bin'));
}

export function matrixAnswer(name = 'matrix'): Frame<MatrixHeader, MatrixArrays> {
  return decodeFrame(fixtureBytes(`${name}.bin`));
}
