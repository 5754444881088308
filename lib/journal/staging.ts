// The memory in which encoded records wait for their hand-over: payloads, each at the next multiple of 8
// (where msgpackr puts them by itself, so that it needs no copy), and beside them lengths, and attributes
// and digests where the journal has them. The addon copies it in the call, so it is used again at once.

import { type Encoded, mostGap, nextPlace, type Room } from '../codec/codec';

const firstBytes = 16 * 1024;
const firstRecords = 256;
/** In less, an encoder is not begun: msgpackr asks for 2 KiB. */
const roomBytes = 4096;
/** What a staging keeps between hand-overs. */
export const keptBytes = 1024 * 1024;
const keptRecords = 16 * 1024;

const copy = Buffer.prototype.copy;
const set = Uint8Array.prototype.set;

export class Staging implements Room {
  readonly #hashBytes: number;
  readonly #attributed: boolean;
  bytes = Buffer.alloc(0);
  lengths = new Uint32Array(0);
  attributes: Uint8Array | undefined;
  hashes: Buffer | undefined;
  /** Gaps between payloads included. */
  used = 0;
  payloadBytes = 0;
  count = 0;

  constructor(hashBytes: number, attributed: boolean) {
    this.#hashBytes = hashBytes;
    this.#attributed = attributed;
  }

  /** Whether a record of this size still belongs into this hand-over. */
  hasRoom(size: number): boolean {
    const fits = this.used + mostGap + size <= keptBytes && this.count < keptRecords;
    return this.count === 0 || fits;
  }

  /** This, with room for a small record; undefined where it is as large as it gets. */
  makeRoom(): Room | undefined {
    const needed = this.used + roomBytes;
    if (needed > this.bytes.length) {
      if (needed > keptBytes) return undefined;
      this.#growBytes(needed);
    }
    return this;
  }

  add(encoded: Encoded, attributes: number, digest: Uint8Array | undefined): void {
    const size = encoded.end - encoded.start;
    const start = nextPlace(this.used);
    const end = start + size;
    if (this.count === this.lengths.length) this.#growRecords();
    if (encoded.bytes !== this.bytes || encoded.start !== start) {
      if (end > this.bytes.length) this.#growBytes(end);
      // `set` looks at nothing that a user's Uint8Array can override; parts are of a codec's own buffer.
      if (encoded.whole) {
        set.call(this.bytes, encoded.bytes, start);
      } else {
        copy.call(encoded.bytes, this.bytes, start, encoded.start, encoded.end);
      }
    }
    this.payloadBytes += size;
    this.lengths[this.count] = size;
    if (this.attributes !== undefined) this.attributes[this.count] = attributes;
    if (digest !== undefined) this.hashes?.set(digest, this.count * this.#hashBytes);
    this.used = end;
    this.count++;
  }

  clear(): void {
    this.used = 0;
    this.payloadBytes = 0;
    this.count = 0;
    if (this.bytes.length > keptBytes) this.bytes = Buffer.alloc(0);
    if (this.lengths.length > keptRecords) {
      this.lengths = new Uint32Array(0);
      this.attributes = undefined;
      this.hashes = undefined;
    }
  }

  #growBytes(needed: number): void {
    const doubled = Math.max(needed, this.bytes.length * 2, firstBytes);
    // Up to what is kept in any case; a record or batch beyond that gets what it needs and a half.
    const size = needed > keptBytes ? Math.ceil(needed * 1.5) : Math.min(doubled, keptBytes);
    const grown = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }

  #growRecords(): void {
    const records = Math.max(this.lengths.length * 2, firstRecords);
    const lengths = new Uint32Array(records);
    lengths.set(this.lengths);
    this.lengths = lengths;
    if (this.#attributed) {
      const attributes = new Uint8Array(records);
      if (this.attributes !== undefined) attributes.set(this.attributes);
      this.attributes = attributes;
    }
    if (this.#hashBytes > 0) {
      const hashes = Buffer.alloc(records * this.#hashBytes);
      this.hashes?.copy(hashes);
      this.hashes = hashes;
    }
  }
}
