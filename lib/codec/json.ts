// Records as JSON text in UTF-8.

import { TidemarkError } from '../errors';
import { type Encoded, nextPlace, type Room, type WireCodec } from './codec';

const scratchBytes = 64 * 1024;
const mostBytesPerUnit = 3; // of UTF-8, for one UTF-16 code unit

/**
 * As `JSON.stringify` says: NaN becomes null, a Date its ISO string, a Map `{}`, undefined in an
 * object is left out; a bigint is refused. What JSON has no text for (undefined, a function, a symbol)
 * is refused. Lone surrogates keep their value: JSON escapes them.
 */
export class JsonWireCodec implements WireCodec<unknown> {
  readonly name = 'json';
  readonly version = 1;
  #scratch: Buffer | undefined;
  readonly #encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0 };

  encode(value: unknown, room?: Room): Encoded {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) {
      throw new TidemarkError(
        'ERR_TIDEMARK_ENCODE',
        `JSON has no text for ${typeof value}: append null, or use the msgpack codec`,
        { outcome: 'not-written' },
      );
    }
    const most = text.length * mostBytesPerUnit;
    const place = room === undefined ? 0 : nextPlace(room.used);
    if (room !== undefined && place + most <= room.bytes.length) {
      return this.#put(room.bytes, place, room.bytes.write(text, place, 'utf8'));
    }
    if (most > scratchBytes) {
      const bytes = Buffer.from(text);
      return this.#put(bytes, 0, bytes.length);
    }
    this.#scratch ??= Buffer.allocUnsafeSlow(scratchBytes);
    return this.#put(this.#scratch, 0, this.#scratch.write(text, 0, 'utf8'));
  }

  #put(bytes: Buffer, start: number, size: number): Encoded {
    const encoded = this.#encoded;
    encoded.bytes = bytes;
    encoded.start = start;
    encoded.end = start + size;
    return encoded;
  }

  decode(bytes: Buffer, start: number, end: number): unknown {
    return JSON.parse(bytes.toString('utf8', start, end));
  }
}
