// The async iterators over records and over batches. Written out instead of generators: a generator
// costs three turns of the microtask queue for every record, these one.

import type { NativeBatch } from '../binding';
import type { Batches } from './batches';
import type { RecordDecoder } from './record-decoder';

/** A record as it is read: its seq and its value. */
export interface JournalRecord<T> {
  readonly seq: number;
  readonly value: T;
}

/** Records with contiguous seqs: `values[i]` has the seq `firstSeq + i`. */
export interface RecordBatch<T> {
  readonly firstSeq: number;
  readonly values: T[];
}

const ended: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** Overlapping calls of next() are answered in order; the end, an error and a leave free everything. */
abstract class BatchIterator<R> implements AsyncIterableIterator<R> {
  protected readonly batches: Batches;
  #last: Promise<unknown> | undefined; // of the calls that wait
  #done = false;

  constructor(batches: Batches) {
    this.batches = batches;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<R>> {
    if (this.#last === undefined) {
      if (this.#done) return Promise.resolve(ended);
      try {
        const ready = this.takeReady();
        if (ready !== undefined) return Promise.resolve({ done: false, value: ready });
      } catch (error) {
        this.#finish();
        return Promise.reject(error);
      }
    }
    const previous = this.#last ?? Promise.resolve();
    const result = previous.then(this.#step, this.#step);
    this.#last = result;
    const clear = () => {
      if (this.#last === result) this.#last = undefined;
    };
    result.then(clear, clear);
    return result;
  }

  return(): Promise<IteratorResult<R>> {
    this.#finish();
    return Promise.resolve(ended);
  }

  readonly #step = async (): Promise<IteratorResult<R>> => {
    try {
      for (;;) {
        if (this.#done) return ended;
        const ready = this.takeReady();
        if (ready !== undefined) return { done: false, value: ready };
        const batch = await this.batches.next();
        if (batch === undefined) {
          this.#finish();
          return ended;
        }
        this.enter(batch);
      }
    } catch (error) {
      if (this.#done) return ended; // left while it waited
      this.#finish();
      throw error;
    }
  };

  #finish(): void {
    this.#done = true;
    this.batches.close();
    this.leave();
  }

  /** The next result that needs no waiting. */
  protected abstract takeReady(): R | undefined;
  protected abstract enter(batch: NativeBatch): void;
  /** Lets go of the current batch. */
  protected abstract leave(): void;
}

export class RecordIterator<T> extends BatchIterator<JournalRecord<T>> {
  readonly #decoder: RecordDecoder;
  readonly #reverse: boolean;
  #batch: NativeBatch | undefined;
  #index = 0;
  #start = 0; // of the record at #index; backwards, the end of it

  constructor(batches: Batches, decoder: RecordDecoder, reverse: boolean) {
    super(batches);
    this.#decoder = decoder;
    this.#reverse = reverse;
  }

  protected override enter(batch: NativeBatch): void {
    this.#batch = batch;
    this.#index = this.#reverse ? batch.lengths.length - 1 : 0;
    this.#start = this.#reverse ? batch.bytes.length : 0;
  }

  protected override leave(): void {
    this.#batch = undefined;
  }

  protected override takeReady(): JournalRecord<T> | undefined {
    const batch = this.#batch;
    if (batch === undefined) return undefined;
    const index = this.#index;
    const length = batch.lengths[index];
    if (length === undefined) {
      this.#batch = undefined;
      return undefined;
    }
    const seq = batch.firstSeq + index;
    if (this.#reverse) {
      this.#start -= length;
      this.#index--;
      return { seq, value: this.#decoder.decode(batch, index, this.#start, seq) as T };
    }
    const start = this.#start;
    this.#start += length;
    this.#index++;
    return { seq, value: this.#decoder.decode(batch, index, start, seq) as T };
  }
}

export class RecordBatchIterator<T> extends BatchIterator<RecordBatch<T>> {
  readonly #decoder: RecordDecoder;
  #batch: NativeBatch | undefined;

  constructor(batches: Batches, decoder: RecordDecoder) {
    super(batches);
    this.#decoder = decoder;
  }

  protected override enter(batch: NativeBatch): void {
    this.#batch = batch;
  }

  protected override leave(): void {
    this.#batch = undefined;
  }

  protected override takeReady(): RecordBatch<T> | undefined {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch === undefined || batch.lengths.length === 0) return undefined;
    return { firstSeq: batch.firstSeq, values: this.#decoder.decodeAll(batch) as T[] };
  }
}
