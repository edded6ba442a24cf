/**
 * Reads the binary answers: "TBM1" | u32 header length | JSON header | aligned arrays.
 *
 * Arrays are views into the answer, made once: nothing is copied or widened.
 */

type TypedArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array;

const CONSTRUCTORS = new Map<
  string,
  {new (buffer: ArrayBuffer, offset: number, length: number): TypedArray; BYTES_PER_ELEMENT: number}
>([
  ['u1', Uint8Array],
  ['u2', Uint16Array],
  ['u4', Uint32Array],
  ['i8', BigInt64Array],
  ['f4', Float32Array],
  ['f8', Float64Array],
]);

interface ArrayInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes from the end of the header. */
  readonly offset: number;
  readonly length: number;
}

/** One answer: its JSON header and its arrays by name. */
export interface Frame<Header, Arrays> {
  readonly header: Header;
  readonly arrays: Arrays;
}

const MAGIC = 0x314d4254; // "TBM1", little-endian
const PREFIX_BYTES = 8;

/**
 * Decodes a frame.
 *
 * The caller names the types that docs/http_api.md promises for its route.
 *
 * Throws an Error that says what is wrong with the bytes.
 */
export function decodeFrame<Header, Arrays>(buffer: ArrayBuffer): Frame<Header, Arrays> {
  const view = new DataView(buffer);
  if (buffer.byteLength < PREFIX_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw new Error('the answer is not a frame: it does not begin with TBM1');
  }
  const start = PREFIX_BYTES + view.getUint32(4, true);
  if (start > buffer.byteLength) throw new Error('the frame ends inside its header');
  const text = new TextDecoder().decode(new Uint8Array(buffer, PREFIX_BYTES, start - PREFIX_BYTES));
  const header = JSON.parse(text) as Header & {arrays?: readonly ArrayInfo[]};
  const arrays = new Map(
    (header.arrays ?? []).map((info) => [info.name, decodeArray(buffer, start, info)]),
  );
  return {header, arrays: Object.fromEntries(arrays) as Arrays};
}

function decodeArray(buffer: ArrayBuffer, start: number, info: ArrayInfo): TypedArray {
  const Constructor = CONSTRUCTORS.get(info.dtype);
  if (!Constructor) throw new Error(`array ${info.name} has the unknown dtype ${info.dtype}`);
  if (start + info.offset + info.length > buffer.byteLength) {
    throw new Error(`the frame ends inside its array ${info.name}`);
  }
  return new Constructor(buffer, start + info.offset, info.length / Constructor.BYTES_PER_ELEMENT);
}
