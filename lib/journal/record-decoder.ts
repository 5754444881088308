// From the bytes of records to values: digest, dictionary, codec.

import type { NativeBatch, NativeReader } from '../binding';
import { usesDictionaries, type WireCodec } from '../codec/codec';
import type { Digest } from '../codec/resolve';
import { dictionaryNameBytes, StructuresWireCodec } from '../codec/structures';
import { TidemarkError } from '../errors';
import { operate } from '../runtime';
import { hasDictionary } from './record-encoder';

function nameAt(bytes: Buffer, start: number): string {
  return bytes.toString('hex', start, start + dictionaryNameBytes);
}

function corrupt(message: string, segment: number, seq: number, cause?: unknown): TidemarkError {
  return new TidemarkError('ERR_TIDEMARK_CORRUPT', message, {
    segment,
    seq,
    fromSeq: seq,
    toSeq: seq,
    ...(cause !== undefined && { cause }),
  });
}

export class RecordDecoder {
  readonly #codec: WireCodec<unknown>;
  readonly #digest: Digest | undefined;
  readonly #hashBytes: number;
  // A journal that was once opened with structures is read by everybody: made when it is met.
  #structures: StructuresWireCodec | undefined;

  constructor(codec: WireCodec<unknown>, digest: Digest | undefined, hashBytes: number) {
    this.#codec = codec;
    this.#digest = digest;
    this.#hashBytes = hashBytes;
    if (usesDictionaries(codec)) this.#structures = codec as StructuresWireCodec;
  }

  /** Fetches the dictionaries that the batch names and that are not known yet. */
  async prepare(
    batch: NativeBatch,
    reader: NativeReader,
    segmentOf: (index: number) => number = () => batch.segment,
  ): Promise<void> {
    const { attributes, lengths, bytes } = batch;
    if (attributes === undefined) return;
    let start = 0;
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i] as number;
      if (((attributes[i] as number) & hasDictionary) !== 0) {
        this.#structures ??= new StructuresWireCodec();
        const name = nameAt(bytes, start);
        if (!this.#structures.knows(name)) await this.#learn(name, segmentOf(i), batch, i, reader);
      }
      start += length;
    }
  }

  async #learn(
    name: string,
    segment: number,
    batch: NativeBatch,
    index: number,
    reader: NativeReader,
  ): Promise<void> {
    const hash = Buffer.from(name, 'hex');
    const dictionary = await operate<Buffer>((operation) =>
      reader.dictionary(operation, segment, hash),
    );
    const seq = batch.firstSeq + index;
    if (dictionary.length === 0) {
      throw corrupt(`segment ${segment} has no dictionary ${name} for record ${seq}`, segment, seq);
    }
    try {
      this.#structures?.learn(name, dictionary);
    } catch (cause) {
      throw corrupt(`the dictionary ${name} of segment ${segment} is damaged`, segment, seq, cause);
    }
  }

  /** The value of the record at `start`, the `index`-th of the batch. */
  decode(
    batch: NativeBatch,
    index: number,
    start: number,
    seq: number,
    segment = batch.segment,
  ): unknown {
    const { bytes } = batch;
    const end = start + (batch.lengths[index] as number);
    if (this.#digest !== undefined && batch.hashes !== undefined) {
      this.#verify(batch, batch.hashes, index, start, end, seq, segment);
    }
    try {
      const attributes = batch.attributes === undefined ? 0 : (batch.attributes[index] as number);
      if ((attributes & hasDictionary) !== 0 && this.#structures !== undefined) {
        return this.#structures.decodeWith(nameAt(bytes, start), bytes, start, end);
      }
      return this.#codec.decode(bytes, start, end);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TidemarkError(
        'ERR_TIDEMARK_ENCODE',
        `record ${seq} is undamaged, but the codec '${this.#codec.name}' cannot decode it: ${reason}`,
        { seq, segment, cause },
      );
    }
  }

  /** The values of all records of the batch, in order. */
  decodeAll(batch: NativeBatch): unknown[] {
    const { bytes, lengths, firstSeq } = batch;
    const isPlain =
      batch.attributes === undefined && (this.#digest === undefined || batch.hashes === undefined);
    if (isPlain && this.#codec.decodeAll !== undefined) {
      try {
        const values = this.#codec.decodeAll(bytes, lengths);
        if (values !== undefined) return values;
      } catch {
        // One by one: then it is known which record it is.
      }
    }
    const values = new Array<unknown>(lengths.length);
    let start = 0;
    for (let i = 0; i < lengths.length; i++) {
      values[i] = this.decode(batch, i, start, firstSeq + i);
      start += lengths[i] as number;
    }
    return values;
  }

  #verify(
    batch: NativeBatch,
    hashes: Buffer,
    index: number,
    start: number,
    end: number,
    seq: number,
    segment: number,
  ): void {
    const digest = this.#digest?.(batch.bytes.subarray(start, end));
    const at = index * this.#hashBytes;
    const stored = hashes.subarray(at, at + this.#hashBytes);
    if (digest !== undefined && Buffer.compare(digest, stored) === 0) return;
    throw corrupt(
      `record ${seq} does not match its content hash: it was not written by tidemark like this`,
      segment,
      seq,
    );
  }
}
