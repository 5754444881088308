// Fetches batches of records from the disk, one ahead of the one that is being looked at. Two orders:
// a range, fixed at the first batch, forwards or backwards; and history followed by what becomes
// durable later.

import { AbortError, onAbort } from '../abort';
import type { NativeBatch, NativeReader } from '../binding';
import { TidemarkError } from '../errors';
import { operate } from '../runtime';
import { quiet } from './deferred';
import type { RecordSource } from './source';

/** The first batch is small: many readers want a few records only. */
const firstBatchBytes = 16 * 1024;
const batchBytes = 256 * 1024;
/** More would only make the young generation of the heap grow: 10 million records stay under 150 MB. */
const batchRecords = 4 * 1024;

const isTruncated = (error: unknown): boolean =>
  error instanceof TidemarkError && error.code === 'ERR_TIDEMARK_TRUNCATED';

export interface Batches {
  readonly reader: NativeReader;
  /** The next one; undefined at the end. Calls must not overlap. */
  next(): Promise<NativeBatch | undefined>;
  /** Idempotent. */
  close(): void;
}

abstract class Fetcher implements Batches {
  readonly source: RecordSource;
  readonly #signal: AbortSignal | undefined;
  readonly #reader: NativeReader;
  #stopListening = () => {};
  #ahead: Promise<NativeBatch | undefined> | undefined;
  #bytes = firstBatchBytes;
  #aborted: Error | undefined;
  #rejectWaiting: ((error: Error) => void) | undefined;
  #closed = false;

  constructor(source: RecordSource, signal: AbortSignal | undefined) {
    source.checkOpen();
    this.source = source;
    this.#signal = signal;
    this.#reader = source.makeReader();
    if (signal?.aborted) this.#aborted = new AbortError(signal.reason);
    else this.#stopListening = onAbort(signal, this.#abort);
  }

  readonly #abort = (error: Error): void => {
    this.#aborted = error;
    this.#rejectWaiting?.(error);
    this.close();
  };

  get reader(): NativeReader {
    return this.#reader;
  }

  async next(): Promise<NativeBatch | undefined> {
    if (this.#aborted !== undefined) throw this.#aborted;
    if (this.#closed) return undefined;
    const fetched = this.#ahead ?? this.fetch();
    this.#ahead = undefined;
    const batch = await this.#abortable(fetched);
    if (batch === undefined || this.#closed) return undefined;
    if (batch.skipped !== undefined && this.source.onSkip !== undefined) {
      for (const range of batch.skipped) this.source.onSkip(range);
    }
    await this.source.decoder.prepare(batch, this.#reader);
    if (this.hasMore()) this.#ahead = quiet(this.fetch());
    return batch;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopListening();
    this.#reader.release();
    this.left();
  }

  /** Nobody waits for the result of a running fetch any more. */
  protected left(): void {}

  /** The next batch that holds a record. */
  protected abstract fetch(): Promise<NativeBatch | undefined>;
  /** Whether a fetch would go to the disk at once. */
  protected abstract hasMore(): boolean;

  protected async request(from: number, to: number, reverse: boolean): Promise<NativeBatch> {
    this.source.checkOpen();
    const bytes = this.#bytes;
    this.#bytes = batchBytes;
    try {
      return await operate<NativeBatch>((operation) =>
        this.#reader.read(operation, from, to, bytes, batchRecords, reverse, this.source.skip),
      );
    } catch (error) {
      // Who goes on at the journal's first seq has to be told the one of now.
      if (isTruncated(error)) await this.source.refresh().catch(() => {});
      throw error;
    }
  }

  #abortable<T>(promise: Promise<T>): Promise<T> {
    if (this.#signal === undefined) return promise;
    return new Promise((resolve, reject) => {
      this.#rejectWaiting = reject;
      promise.then(resolve, reject);
    });
  }
}

/** Every retained record from `from` to `to`; open ends are filled in at the first fetch. */
export class RangeBatches extends Fetcher {
  readonly #reverse: boolean;
  #from: number | undefined;
  #to: number | undefined;
  #fixed = false;

  constructor(
    source: RecordSource,
    from: number | undefined,
    to: number | undefined,
    reverse: boolean,
    signal: AbortSignal | undefined,
  ) {
    super(source, signal);
    this.#from = from;
    this.#to = to;
    this.#reverse = reverse;
  }

  protected override hasMore(): boolean {
    return (this.#from as number) <= (this.#to as number);
  }

  protected override async fetch(): Promise<NativeBatch | undefined> {
    if (!this.#fixed) {
      await this.source.refresh();
      const last = this.source.shownSeq;
      this.#to = Math.min(this.#to ?? last, last);
      this.#from ??= this.source.firstSeq;
      this.#fixed = true;
    }
    const from = this.#from as number;
    const to = this.#to as number;
    if (from > to) return undefined;
    const batch = await this.request(from, to, this.#reverse);
    const count = batch.lengths.length;
    if (count === 0) {
      this.#from = to + 1;
      return batch.skipped === undefined ? undefined : batch;
    }
    if (this.#reverse) this.#to = batch.firstSeq - 1;
    else this.#from = batch.firstSeq + count;
    return batch;
  }
}

/** Every record from `position` on, for as long as the journal is open. */
export class FollowBatches extends Fetcher {
  readonly #leaving = new AbortController();
  #position: number | 'start';

  constructor(
    source: RecordSource,
    from: number | 'start' | 'end',
    signal: AbortSignal | undefined,
  ) {
    super(source, signal);
    // What is durable now is not 'after the call', whenever the first value is asked for.
    this.#position = from === 'end' ? source.shownSeq + 1 : from;
  }

  protected override left(): void {
    this.#leaving.abort();
  }

  protected override hasMore(): boolean {
    return !this.source.closed && (this.#position as number) <= this.source.shownSeq;
  }

  protected override async fetch(): Promise<NativeBatch | undefined> {
    if (this.#position === 'start') {
      await this.source.refresh();
      this.#position = this.source.firstSeq;
    }
    for (;;) {
      const position = this.#position as number;
      if (this.source.closed) return undefined;
      const last = this.source.shownSeq;
      if (position > last) {
        await this.source.beyond(position - 1, this.#leaving.signal);
        continue;
      }
      const batch = await this.#requestOpen(position, last);
      if (batch === undefined) return undefined;
      const count = batch.lengths.length;
      this.#position = count === 0 ? last + 1 : batch.firstSeq + count;
      if (count > 0 || batch.skipped !== undefined) return batch;
    }
  }

  /** A close in between ends the following; it is no error. */
  async #requestOpen(from: number, to: number): Promise<NativeBatch | undefined> {
    try {
      return await this.request(from, to, false);
    } catch (error) {
      if (error instanceof TidemarkError && error.code === 'ERR_TIDEMARK_CLOSED') return undefined;
      throw error;
    }
  }
}
