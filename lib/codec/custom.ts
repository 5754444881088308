// A user's codec, called so that its bytes are checked and never shared.

import { byteLengthOf, checkBytes } from '../arguments';
import type { Codec, Encoded, WireCodec } from './codec';

const slice = Uint8Array.prototype.slice;

export class CustomWireCodec<T> implements WireCodec<T> {
  readonly name: string;
  readonly version: number;
  readonly #codec: Codec<T>;
  readonly #encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0 };

  constructor(codec: Codec<T>, name: string, version: number) {
    this.#codec = codec;
    this.name = name;
    this.version = version;
  }

  encode(value: T): Encoded {
    const bytes = checkBytes('the result of codec.encode', this.#codec.encode(value));
    this.#encoded.bytes = bytes;
    this.#encoded.end = byteLengthOf(bytes);
    return this.#encoded;
  }

  decode(bytes: Buffer, start: number, end: number): T {
    return this.#codec.decode(slice.call(bytes, start, end));
  }
}
