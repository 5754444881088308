// The reading side of a read-only open: what other processes wrote and made durable.

import type { NativeObserver, NativeReader } from '../binding';
import { TidemarkError } from '../errors';
import { errorOf } from '../failure';
import type { SkippedRange } from '../recovery/report';
import { listen, operate, unlisten } from '../runtime';
import { deferred, quiet } from './deferred';
import type { RecordDecoder } from './record-decoder';
import { SeqWaits } from './seq-waits';
import type { RecordSource } from './source';

export class ReadOnlySource implements RecordSource {
  readonly decoder: RecordDecoder;
  readonly skip: boolean;
  readonly onSkip: ((range: SkippedRange) => void) | undefined;
  readonly #handle: NativeObserver;
  readonly #directory: string;
  readonly #range = new Float64Array(2);
  readonly #waits: SeqWaits;
  readonly #closed = deferred<void>();
  #isClosed = false;

  constructor(
    handle: NativeObserver,
    directory: string,
    decoder: RecordDecoder,
    skip: boolean,
    onSkip: ((range: SkippedRange) => void) | undefined,
  ) {
    this.#handle = handle;
    this.#directory = directory;
    this.decoder = decoder;
    this.skip = skip;
    this.onSkip = onSkip;
    this.#waits = new SeqWaits((on) => {
      if (!this.#isClosed) handle.watch(on);
    });
    quiet(this.#closed.promise);
    listen(handle.id(), () => {
      const failure = handle.takeFailure();
      if (failure === undefined) this.#waits.look();
      else this.#waits.rejectAll(errorOf(failure));
    });
  }

  get handle(): NativeObserver {
    return this.#handle;
  }

  get startSeq(): number {
    return this.#handle.facts().startSeq;
  }

  get firstSeq(): number {
    this.#handle.range(this.#range);
    return this.#range[0] as number;
  }

  get shownSeq(): number {
    this.#handle.range(this.#range);
    return this.#range[1] as number;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  get whenClosed(): Promise<void> {
    return this.#closed.promise;
  }

  checkOpen(): void {
    if (this.#isClosed) throw this.#closedError();
  }

  makeReader(): NativeReader {
    return this.#handle.reader();
  }

  async refresh(): Promise<void> {
    await operate<boolean>((operation) => this.#handle.refresh(operation));
  }

  beyond(seq: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#waits.until(() => this.#isClosed || this.shownSeq > seq, signal);
  }

  async waitFor(seq: number, signal: AbortSignal | undefined): Promise<number> {
    this.checkOpen();
    await this.#waits.until(() => this.shownSeq >= seq, signal);
    return this.shownSeq;
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#waits.look(); // followers end
      this.#waits.rejectAll(this.#closedError());
      unlisten(this.#handle.id());
      this.#handle.close();
      this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  #closedError(): TidemarkError {
    return new TidemarkError('ERR_TIDEMARK_CLOSED', 'the journal is closed: open it again', {
      path: this.#directory,
    });
  }
}
