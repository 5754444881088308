// Records that are bytes already.

import { markAsUntransferable } from 'node:worker_threads';
import { checkedLength } from '../arguments';
import type { Encoded, WireCodec } from './codec';
import { refusePromise } from './encode-error';

const slice = Uint8Array.prototype.slice;
/**
 * Records of a batch share memory up to so many bytes, as Buffers of Node's pool do: memory of its own
 * costs several times what a small record does. Whoever keeps one record keeps no more than this.
 */
const sharedBytes = 16 * 1024;

/** Any `Uint8Array` (a `Buffer` is one) in, a `Buffer` with memory of its own out. */
export class BinaryWireCodec implements WireCodec<Uint8Array> {
  readonly name = 'binary';
  readonly version = 1;
  readonly #encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0, whole: true };

  encode(value: Uint8Array): Encoded {
    const encoded = this.#encoded;
    try {
      encoded.end = checkedLength('value', value);
    } catch (error) {
      refusePromise(value); // only here: to look for a method of bytes is slow, and bytes are no promise
      throw error;
    }
    encoded.bytes = value;
    return encoded;
  }

  // `slice` of a Buffer is a Buffer that does not come from the pool: it shares memory with nothing.
  decode(bytes: Buffer, start: number, end: number): Uint8Array {
    return slice.call(bytes, start, end);
  }

  decodeAll(bytes: Buffer, lengths: Uint32Array): Uint8Array[] {
    const count = lengths.length;
    const values = new Array<Uint8Array>(count);
    let next = 0;
    let start = 0;
    while (next < count) {
      const first = next;
      let end = start + (lengths[next++] as number);
      while (next < count && end + (lengths[next] as number) - start <= sharedBytes) {
        end += lengths[next++] as number;
      }
      const shared: Uint8Array = slice.call(bytes, start, end);
      start = end;
      if (next - first === 1) values[first] = shared;
      else divide(shared.buffer, lengths, values, first, next);
    }
    return values;
  }
}

function divide(
  memory: ArrayBufferLike,
  lengths: Uint32Array,
  values: Uint8Array[],
  first: number,
  end: number,
): void {
  // Who transfers one of them to a worker must not take the others with it.
  markAsUntransferable(memory);
  let at = 0;
  for (let i = first; i < end; i++) {
    const length = lengths[i] as number;
    values[i] = Buffer.from(memory, at, length);
    at += length;
  }
}
