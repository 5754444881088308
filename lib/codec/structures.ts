// MessagePack records that share their field names: each record begins with the 8-byte name of a
// dictionary that stands in the same segment. The name is the beginning of the dictionary's SHA-256,
// so a dictionary can never be taken for another one, and two encoders that make the same one agree.
// Nothing has to be undone when a commit is rejected: the writer puts a dictionary into whichever
// commit first needs it.

import { createHash } from 'node:crypto';
import type { DictionaryCodec, Encoded } from './codec';
import { commonOptions, MsgpackWireCodec, packInPlace } from './msgpack';
import { checkClaims, type KnownStructures } from './msgpack-bounds';
import { Packr } from './msgpackr';

export const dictionaryNameBytes = 8;
const firstBufferBytes = 4096;

/** msgpackr's lists of field names; those beyond `sharedLength` belong to one record only. */
type Structures = string[][] & { sharedLength?: number };

interface Decoder {
  packr: Packr;
  structures: Structures;
}

const plain = new MsgpackWireCodec();

function nameOf(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, dictionaryNameBytes);
}

function makeDictionary(structures: readonly (readonly string[])[]): Buffer {
  // Plain arrays: msgpackr hangs fields of its own on these.
  const { bytes, start, end } = plain.encode(structures.map((keys) => [...keys]));
  const body = Buffer.from(bytes.subarray(start, end));
  return Buffer.concat([nameOf(body), body]);
}

export class StructuresWireCodec implements DictionaryCodec<unknown> {
  readonly name = 'msgpack';
  readonly version = 1;
  readonly #structures: Structures = [];
  readonly #packr = new Packr({ ...commonOptions, structures: this.#structures });
  readonly #packed: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0 };
  readonly #encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0 };
  readonly #decoders = new Map<string, Decoder>();
  readonly #part = { start: 0, end: 0 };
  #buffer = Buffer.allocUnsafeSlow(firstBufferBytes);
  #dictionary: Buffer = makeDictionary([]);
  #known = 0; // structures in #dictionary

  get dictionary(): Uint8Array {
    return this.#dictionary;
  }

  encode(value: unknown): Encoded {
    const { bytes, start, end } = packInPlace(this.#packr, value, this.#packed);
    const length = dictionaryNameBytes + end - start;
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(length * 2);
    Buffer.prototype.copy.call(bytes, this.#buffer, dictionaryNameBytes, start, end);
    // After the bytes are safe: making a dictionary uses msgpackr's buffer too.
    const shared = this.#structures.sharedLength ?? 0;
    if (shared !== this.#known) {
      this.#dictionary = makeDictionary(this.#structures.slice(0, shared));
      this.#known = shared;
    }
    this.#dictionary.copy(this.#buffer, 0, 0, dictionaryNameBytes);
    this.#encoded.bytes = this.#buffer;
    this.#encoded.end = length;
    return this.#encoded;
  }

  /** Of a record without a dictionary: a journal may hold both forms. */
  decode(bytes: Buffer, start: number, end: number): unknown {
    return plain.decode(bytes, start, end);
  }

  knows(name: string): boolean {
    return this.#decoders.has(name);
  }

  learn(name: string, dictionary: Uint8Array): void {
    const body = Buffer.from(dictionary.subarray(dictionaryNameBytes));
    if (nameOf(body).toString('hex') !== name) {
      throw new Error(`the dictionary ${name} does not match its name`);
    }
    const structures = plain.decode(body, 0, body.length) as string[][];
    const packr = new Packr({ ...commonOptions, structures });
    this.#decoders.set(name, { packr, structures });
  }

  decodeWith(name: string, bytes: Buffer, start: number, end: number): unknown {
    const decoder = this.#decoders.get(name);
    if (decoder === undefined) throw new Error(`the dictionary ${name} is not known`);
    this.#part.start = start + dictionaryNameBytes;
    this.#part.end = end;
    checkClaims(bytes, this.#part.start, end, decoder.structures as unknown as KnownStructures);
    return decoder.packr.unpack(bytes, this.#part);
  }
}
