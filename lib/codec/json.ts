// Records as JSON text in UTF-8.

import { TidemarkError } from '../errors';
import type { Encoded, WireCodec } from './codec';

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

  encode(value: unknown): Encoded {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) {
      throw new TidemarkError(
        'ERR_TIDEMARK_ENCODE',
        `JSON has no text for ${typeof value}: append null, or use the msgpack codec`,
        { outcome: 'not-written' },
      );
    }
    const encoded = this.#encoded;
    if (text.length * mostBytesPerUnit > scratchBytes) {
      const bytes = Buffer.from(text);
      encoded.bytes = bytes;
      encoded.end = bytes.length;
      return encoded;
    }
    this.#scratch ??= Buffer.allocUnsafeSlow(scratchBytes);
    encoded.bytes = this.#scratch;
    encoded.end = this.#scratch.write(text, 0, 'utf8');
    return encoded;
  }

  decode(bytes: Buffer, start: number, end: number): unknown {
    return JSON.parse(bytes.toString('utf8', start, end));
  }
}
