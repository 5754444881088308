// Waiting for the log as a whole: for a seq to be durable, for a sync, for room to append.

import type { NativeJournal } from '../binding';
import { type Deferred, deferred, quiet } from './deferred';
import { SeqWaits } from './seq-waits';
import type { Settlement } from './settlement';

/** What waiting asks of the writer. */
export interface Awaited {
  /** Newest durable record. */
  readonly shownSeq: number;
  readonly closed: boolean;
  /** What ended the writer by itself. */
  readonly failure: Error | undefined;
  readonly writable: boolean;
  checkOpen(): void;
  /** Hands over what is staged. */
  flush(): void;
}

export class LogWaits {
  readonly #writer: Awaited;
  readonly #handle: NativeJournal;
  readonly #settlement: Settlement;
  readonly #waits: SeqWaits;
  #ready: Deferred<void> | undefined;

  constructor(writer: Awaited, handle: NativeJournal, settlement: Settlement) {
    this.#writer = writer;
    this.#handle = handle;
    this.#settlement = settlement;
    this.#waits = new SeqWaits((on) => handle.watch(on));
  }

  /** Resolves when there is room to append. Rejects, but never unhandled, when there never will be. */
  get ready(): Promise<void> {
    if (this.#ready !== undefined) return this.#ready.promise;
    const writer = this.#writer;
    try {
      writer.checkOpen();
    } catch (error) {
      return quiet(Promise.reject(error));
    }
    if (writer.failure !== undefined) return quiet(Promise.reject(writer.failure));
    if (writer.writable) return Promise.resolve();
    const ready = deferred<void>();
    this.#ready = ready;
    quiet(ready.promise);
    this.#waits
      .until(() => writer.writable)
      .finally(() => {
        this.#ready = undefined; // first: whoever waited may fill it and ask again at once
      })
      .then(ready.resolve, ready.reject);
    return ready.promise;
  }

  async sync(): Promise<number> {
    const writer = this.#writer;
    writer.checkOpen();
    writer.flush();
    const ordinal = this.#settlement.handed;
    const seq = this.#handle.lastSeq();
    // A rejection makes the last seq smaller: what is not there any more is not waited for.
    const reached = () =>
      this.#settlement.final >= ordinal && writer.shownSeq >= Math.min(seq, this.#handle.lastSeq());
    this.#handle.requestSync();
    if (writer.failure !== undefined) throw writer.failure;
    await this.#waits.until(reached);
    const loss = this.#settlement.takeLoss();
    if (loss !== undefined) throw loss;
    return writer.shownSeq;
  }

  async waitFor(seq: number, signal: AbortSignal | undefined): Promise<number> {
    const writer = this.#writer;
    writer.checkOpen();
    writer.flush();
    if (writer.shownSeq < seq && writer.failure !== undefined) throw writer.failure;
    await this.#waits.until(() => writer.shownSeq >= seq, signal);
    return writer.shownSeq;
  }

  /** Resolves when a record behind `seq` may be read, or when the journal is closed. */
  beyond(seq: number, signal: AbortSignal | undefined): Promise<void> {
    const writer = this.#writer;
    if (writer.failure !== undefined && writer.shownSeq <= seq)
      return Promise.reject(writer.failure);
    return this.#waits.until(() => writer.closed || writer.shownSeq > seq, signal);
  }

  /** Calls back whenever more may have become durable, until the result is called. */
  observe(observer: () => void): () => void {
    this.#writer.checkOpen();
    return this.#waits.observe(observer);
  }

  /** Whoever has what was waited for is told. */
  look(): void {
    this.#waits.look();
  }

  rejectAll(error: Error): void {
    this.#waits.rejectAll(error);
  }
}
