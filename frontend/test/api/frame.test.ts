import {describe, expect, test} from 'vitest';
import {decodeFrame} from '../../src/api/frame.ts';
import {fitAnswer, fixtureBytes, matrixAnswer} from '../fixtures.ts';

function bytesOf(header: unknown, body: Uint8Array): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = text.length + ((8 - ((text.length + 8) % 8)) % 8);
  const bytes = new Uint8Array(8 + length + body.length).fill(0x20);
  bytes.set(new TextEncoder().encode('TBM1'));
  new DataView(bytes.buffer).setUint32(4, length, true);
  bytes.set(text, 8);
  bytes.set(body, 8 + length);
  return bytes.buffer;
}

describe('a frame', () => {
  test('of a matrix holds as many cells as its rows say', () => {
    const {header, arrays} = matrixAnswer();
    expect(header.layout).toBe('csr');
    expect(arrays.indptr).toHaveLength(header.classes + 1);
    expect(arrays.counts).toHaveLength(arrays.indptr.at(-1) ?? -1);
    const sum = Array.from(arrays.counts).reduce((total, count) => total + count, 0);
    expect(sum).toBe(header.total);
  });

  test('of fit curves holds what the header’s spans point at', () => {
    const {header, arrays} = fitAnswer();
    expect(header.curves.length).toBeGreaterThan(0);
    for (const {validation, best} of header.curves) {
      const steps = arrays.validation_step.subarray(
        validation.start,
        validation.start + validation.length,
      );
      expect(steps).toHaveLength(validation.length);
      if (best) expect(Array.from(steps)).toContain(best.step);
    }
  });

  test('is read without copying its arrays', () => {
    const bytes = fixtureBytes('fit.bin');
    const {arrays} = decodeFrame<unknown, {train_value: Float64Array}>(bytes);
    expect(arrays.train_value.buffer).toBe(bytes);
  });

  test('keeps NaN and 64-bit integers', () => {
    const body = new Uint8Array(16);
    new DataView(body.buffer).setFloat64(0, Number.NaN, true);
    new DataView(body.buffer).setBigInt64(8, -5n, true);
    const info = [
      {name: 'a', dtype: 'f8', shape: [1], offset: 0, length: 8},
      {name: 'b', dtype: 'i8', shape: [1], offset: 8, length: 8},
    ];
    const {arrays} = decodeFrame<unknown, {a: Float64Array; b: BigInt64Array}>(
      bytesOf({arrays: info}, body),
    );
    expect(arrays.a[0]).toBeNaN();
    expect(arrays.b[0]).toBe(-5n);
  });

  test.each([
    [
      'something else',
      new TextEncoder().encode('<!doctype html>').buffer,
      /does not begin with TBM1/,
    ],
    ['nothing', new ArrayBuffer(0), /does not begin with TBM1/],
    ['half a header', fixtureBytes('fit.bin').slice(0, 40), /inside its header/],
    ['half an array', fixtureBytes('fit.bin').slice(0, -16), /inside its array/],
    [
      'an unknown dtype',
      bytesOf(
        {arrays: [{name: 'a', dtype: 'c16', shape: [0], offset: 0, length: 0}]},
        new Uint8Array(),
      ),
      /unknown dtype c16/,
    ],
  ])('says what is wrong with %s', (_, bytes, message) => {
    expect(() => decodeFrame(bytes as ArrayBuffer)).toThrow(message);
  });
});
