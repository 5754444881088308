// From a user's value to a staged record: schema, codec, digest, limits. User code runs in here (getters,
// toJSON, a codec or schema of the user's), so nothing is staged before it is through.

import { types } from 'node:util';
import { byteLengthOf, viewOf } from '../arguments';
import type { NativeJournal } from '../binding';
import { BinaryWireCodec } from '../codec/binary';
import {
  type DictionaryCodec,
  type Encoded,
  usesDictionaries,
  type WireCodec,
} from '../codec/codec';
import { CustomWireCodec } from '../codec/custom';
import { encodeError, refusePromise } from '../codec/encode-error';
import type { PlainCodec } from '../codec/plain-copy';
import { type Digest, sha256 } from '../codec/resolve';
import { type StandardSchemaV1, validate } from '../codec/schema';
import { dictionaryNameBytes } from '../codec/structures';
import { TidemarkError } from '../errors';
import { errorOf } from '../failure';
import { nestedError } from './refusals';
import { Staging } from './staging';

const { isSharedArrayBuffer } = types;

/** The record's payload begins with the name of a dictionary; native/format/layout.hpp. */
export const hasDictionary = 0x10;

// One for all journals of the thread: msgpackr encodes into memory that all its encoders share.
let encoding = false;

/** A record as it was at one moment, to be staged later, whatever becomes of the value meanwhile. */
export class CapturedRecord {
  readonly #captured = true;

  /** Without asking the value, as `instanceof` does: a Proxy would run code of the user's. */
  static is(value: unknown): value is CapturedRecord {
    return typeof value === 'object' && value !== null && #captured in value;
  }

  constructor(
    readonly bytes: Uint8Array,
    readonly digest: Uint8Array | undefined,
    /** What reading will give of it. */
    readonly value: unknown,
  ) {}
}

export class RecordEncoder {
  readonly #handle: NativeJournal;
  readonly #codec: WireCodec<unknown>;
  readonly #digest: Digest | undefined;
  readonly #hashBytes: number;
  readonly #schema: StandardSchemaV1<unknown> | undefined;
  readonly #maxRecordBytes: number;
  readonly #attributes: number;
  readonly #bytesOnly: boolean; // the codec refuses promises by itself
  #registered: Uint8Array | undefined;
  #viewed: Uint8Array | undefined;
  #view: Buffer = Buffer.alloc(0);
  /** Of the last `encode`. */
  encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0 };
  digest: Uint8Array | undefined;

  constructor(
    handle: NativeJournal,
    codec: WireCodec<unknown>,
    digest: Digest | undefined,
    hashBytes: number,
    schema: StandardSchemaV1<unknown> | undefined,
    maxRecordBytes: number,
  ) {
    this.#handle = handle;
    this.#codec = codec;
    this.#digest = digest;
    this.#hashBytes = hashBytes;
    this.#schema = schema;
    this.#maxRecordBytes = maxRecordBytes;
    this.#attributes = usesDictionaries(codec) ? hasDictionary : 0;
    this.#bytesOnly = codec instanceof BinaryWireCodec && schema === undefined;
  }

  makeStaging(): Staging {
    return new Staging(this.#hashBytes, this.#attributes !== 0);
  }

  /**
   * Encodes a value, into `staging` where it can; the result's size in bytes. Throws, and then nothing
   * has happened.
   */
  encode(value: unknown, staging: Staging): number {
    if (encoding) throw nestedError();
    encoding = true;
    let size: number;
    try {
      if (!this.#bytesOnly) refusePromise(value);
      const stored = this.#schema === undefined ? value : validate(this.#schema, value);
      const encoded = this.#codec.encode(stored, staging.makeRoom());
      size = encoded.end - encoded.start;
      this.encoded = encoded;
      if (size <= this.#maxRecordBytes && this.#digest !== undefined) {
        const bytes = viewOf(encoded.bytes, encoded.start, encoded.end);
        const isStable = this.#digest === sha256 && !isSharedArrayBuffer(bytes.buffer);
        this.digest = isStable ? sha256(bytes) : this.#digestOfCopy(bytes);
      }
    } catch (cause) {
      throw encodeError(cause);
    } finally {
      encoding = false;
    }
    if (size > this.#maxRecordBytes) {
      throw new TidemarkError(
        'ERR_TIDEMARK_TOO_LARGE',
        `the record has ${size} encoded bytes, maxRecordBytes is ${this.#maxRecordBytes}: ` +
          'append it in parts, or open with a larger maxRecordBytes',
        { outcome: 'not-written' },
      );
    }
    if (this.#attributes !== 0) this.#registerDictionary();
    return size;
  }

  /**
   * Of memory that may change or shrink meanwhile, by a user's digest or by another thread that shares it:
   * what the digest saw is stored.
   */
  #digestOfCopy(bytes: Uint8Array): Uint8Array {
    const copied = new Uint8Array(bytes);
    this.encoded = { bytes: copied, start: 0, end: copied.length, whole: true };
    return (this.#digest as Digest)(copied);
  }

  /** The codec, where a plain copy of a value is what it gives back. */
  get plainCodec(): PlainCodec | undefined {
    const { name } = this.#codec;
    const builtIn = this.#codec instanceof CustomWireCodec ? undefined : name;
    if (this.#schema !== undefined || (builtIn !== 'msgpack' && builtIn !== 'json'))
      return undefined;
    return builtIn;
  }

  /**
   * What reading will give of what `encode` made last: a value that cannot be read again is refused
   * before it is written. Undefined with dictionaries, which only the log has.
   */
  decodeAgain(): { readonly value: unknown } | undefined {
    if (this.#attributes !== 0) return undefined;
    const { bytes, start, end } = this.encoded;
    if (this.#viewed !== bytes || this.#view.length < end) {
      this.#viewed = bytes;
      this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, byteLengthOf(bytes));
    }
    encoding = true; // a codec that appends would overwrite what is to be staged
    try {
      return { value: this.#codec.decode(this.#view, start, end) };
    } catch (cause) {
      throw encodeError(cause);
    } finally {
      encoding = false;
    }
  }

  /** What `encode` made last, in memory that nothing overwrites. */
  capture(): CapturedRecord {
    const { bytes, start, end } = this.encoded;
    const copied = new Uint8Array(viewOf(bytes, start, end));
    const digest = this.digest === undefined ? undefined : new Uint8Array(this.digest);
    this.encoded = { bytes: copied, start: 0, end: copied.length, whole: true };
    const again = this.decodeAgain();
    const value = again === undefined ? this.#decodeByDictionary(copied) : again.value;
    return new CapturedRecord(copied, digest, value);
  }

  #decodeByDictionary(bytes: Uint8Array): unknown {
    const codec = this.#codec as DictionaryCodec<unknown>;
    const name = Buffer.from(bytes.subarray(0, dictionaryNameBytes)).toString('hex');
    if (!codec.knows(name)) codec.learn(name, codec.dictionary);
    return codec.decodeWith(name, Buffer.from(bytes.buffer), 0, bytes.length);
  }

  /** As if it had been encoded just now; its size in bytes. */
  restore({ bytes, digest }: CapturedRecord): number {
    this.encoded = { bytes, start: 0, end: bytes.length, whole: true };
    this.digest = digest;
    return bytes.length;
  }

  /** Stages what `encode` made last. */
  stage(staging: Staging): void {
    staging.add(this.encoded, this.#attributes, this.digest);
  }

  /** The writer must know a dictionary before it gets a record that names it. */
  #registerDictionary(): void {
    const codec = this.#codec;
    if (!usesDictionaries(codec) || codec.dictionary === this.#registered) return;
    const failure = this.#handle.registerDictionary(codec.dictionary);
    if (failure !== undefined) throw errorOf(failure);
    this.#registered = codec.dictionary;
  }
}
