// A user's codec, called so that its bytes are checked and never shared.

import { byteLengthOf, checkBytes, checkSynchronous } from '../arguments';
import type { Codec, Encoded, WireCodec } from './codec';

const slice = Uint8Array.prototype.slice;

export function encodedBy<T>(codec: Codec<T>, value: T): Uint8Array {
  const bytes = checkSynchronous('codec.encode', codec.encode(value));
  return checkBytes('the result of codec.encode', bytes);
}

/** @param bytes The codec may keep them. */
export function decodedBy<T>(codec: Codec<T>, bytes: Uint8Array): T {
  return checkSynchronous('codec.decode', codec.decode(bytes));
}

export class CustomWireCodec<T> implements WireCodec<T> {
  readonly name: string;
  readonly version: number;
  readonly #codec: Codec<T>;
  readonly #encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0, whole: true };

  constructor(codec: Codec<T>, name: string, version: number) {
    this.#codec = codec;
    this.name = name;
    this.version = version;
  }

  encode(value: T): Encoded {
    const bytes = encodedBy(this.#codec, value);
    this.#encoded.bytes = bytes;
    this.#encoded.end = byteLengthOf(bytes);
    return this.#encoded;
  }

  decode(bytes: Buffer, start: number, end: number): T {
    return decodedBy(this.#codec, slice.call(bytes, start, end));
  }
}
