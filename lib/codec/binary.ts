// Records that are bytes already.

import { byteLengthOf, checkBytes } from '../arguments';
import type { Encoded, WireCodec } from './codec';

const slice = Uint8Array.prototype.slice;

/** Any `Uint8Array` (a `Buffer` is one) in, a `Buffer` with memory of its own out. */
export class BinaryWireCodec implements WireCodec<Uint8Array> {
  readonly name = 'binary';
  readonly version = 1;
  readonly #encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0 };

  encode(value: Uint8Array): Encoded {
    const encoded = this.#encoded;
    encoded.bytes = checkBytes('value', value);
    encoded.end = byteLengthOf(value);
    return encoded;
  }

  // `slice` of a Buffer is a Buffer that does not come from the pool: it shares memory with nothing.
  decode(bytes: Buffer, start: number, end: number): Uint8Array {
    return slice.call(bytes, start, end);
  }
}
