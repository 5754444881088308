// The writing side of a handle: what is admitted is staged, handed over and settled (settlement.ts), and
// who waits for the log as a whole (log-waits.ts) is told. The order of calls is the order of seqs:
// whatever hands over first hands over what is staged.

import type { NativeJournal, NativeReader } from '../binding';
import type { PlainCodec } from '../codec/plain-copy';
import type { TidemarkError } from '../errors';
import { errorOf } from '../failure';
import { listen, operate, unlisten } from '../runtime';
import { Admission, pendingRecordBytes, type WriterLimits } from './admission';
import { batchValues, checkBatchBytes } from './batch-values';
import { deferred, quiet } from './deferred';
import { EventCollector, publishPoison } from './diagnostics';
import type { HandOverChoice } from './hand-over';
import { HandOverPolicy } from './hand-over-policy';
import { type Awaited, LogWaits } from './log-waits';
import type { DurabilityChoice } from './open-options';
import type { RecordDecoder } from './record-decoder';
import { CapturedRecord, type RecordEncoder } from './record-encoder';
import { closedError, nestedError, refusedBehind } from './refusals';
import { type Gate, newRun, type Resolve, type Run } from './runs';
import { Settlement } from './settlement';
import type { RecordSource } from './source';
import type { Staging } from './staging';

/** Stands for the value of a record that has to be read to be known. */
export const unknownValue: unique symbol = Symbol('unknown value');

export class Writer implements RecordSource, Awaited {
  readonly decoder: RecordDecoder;
  readonly skip = false;
  readonly onSkip = undefined;
  readonly #handle: NativeJournal;
  readonly #directory: string;
  readonly #encoder: RecordEncoder;
  readonly #admission: Admission;
  readonly #durability: DurabilityChoice;
  readonly #settlement: Settlement;
  readonly #waits: LogWaits;
  readonly #events: EventCollector;
  readonly #staging: Staging;
  readonly #batch: Staging;
  #batching = false;

  #staged: Run | undefined; // of #staging
  #stagedDurability: DurabilityChoice;
  #scheduled = false;
  #appending = false;
  readonly #policy = new HandOverPolicy();
  #settledSeq = 0;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;
  readonly #closed = deferred<void>();

  constructor(
    handle: NativeJournal,
    directory: string,
    encoder: RecordEncoder,
    decoder: RecordDecoder,
    limits: WriterLimits,
    durability: DurabilityChoice,
  ) {
    this.#handle = handle;
    this.#settlement = new Settlement(handle);
    this.#directory = directory;
    this.#encoder = encoder;
    this.decoder = decoder;
    this.#durability = durability;
    this.#stagedDurability = durability;
    this.#staging = encoder.makeStaging();
    this.#batch = encoder.makeStaging();
    this.#admission = new Admission(limits, this.#settlement, this.#staging);
    this.#waits = new LogWaits(this, handle, this.#settlement);
    this.#events = new EventCollector(handle, directory);
    quiet(this.#closed.promise);
    listen(handle.id(), this.#tick);
    this.#progress();
  }

  // ---- state

  get handle(): NativeJournal {
    return this.#handle;
  }

  /** The codec, where a plain copy of a value is what it gives back. */
  get plainCodec(): PlainCodec | undefined {
    return this.#encoder.plainCodec;
  }

  /** Seq of the journal's first record ever. */
  get startSeq(): number {
    return this.#handle.facts().startSeq;
  }

  get firstSeq(): number {
    return this.#handle.firstSeq();
  }

  get shownSeq(): number {
    return this.#handle.durableSeq();
  }

  /** Every record of this handle up to here has been settled: what is pending lies behind it. */
  get settledSeq(): number {
    return this.#settledSeq;
  }

  /**
   * In the middle of an append, of which the encoded bytes are not staged yet: whoever is told of others
   * now must not append.
   */
  get appending(): boolean {
    return this.#appending;
  }

  get lastSeq(): number {
    return this.#handle.lastSeq() + this.#staging.count;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  get whenClosed(): Promise<void> {
    return this.#closed.promise;
  }

  get writable(): boolean {
    return (
      this.#closing === undefined &&
      this.#failure === undefined &&
      this.#settlement.writable &&
      this.#admission.isBelowHighWater
    );
  }

  get ready(): Promise<void> {
    return this.#waits.ready;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  checkOpen(): void {
    if (this.#closing !== undefined) throw closedError(this.#directory);
  }

  // ---- appending

  append(value: unknown, durability: DurabilityChoice = this.#durability): Promise<number> {
    try {
      return this.#stage(value, durability, undefined, false);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * As `append`; the record goes through `gate` before the promise is settled. Throws what refuses it.
   *
   * @param value Or what `capture` gave.
   * @param again Give the gate what will be read back, not `value` itself.
   */
  appendGated(
    value: unknown,
    durability: DurabilityChoice = this.#durability,
    gate: Gate,
    again: boolean,
  ): Promise<number> {
    if (!CapturedRecord.is(value)) return this.#stage(value, durability, gate, again);
    return this.#stageEncoded(this.#restore(value), value.value, durability, gate);
  }

  /** The record of a value as it is now, to be appended later. Throws what refuses it. */
  capture(value: unknown): CapturedRecord {
    this.#encode(value, this.#staging);
    const record = this.#encoder.capture();
    this.#checkWritable(); // decoding runs code of the user's
    return record;
  }

  #stage(
    value: unknown,
    durability: DurabilityChoice,
    gate: Gate | undefined,
    again: boolean,
  ): Promise<number> {
    const size = this.#encode(value, this.#staging);
    const kept = again ? this.#decodeAgain() : value;
    return this.#stageEncoded(size, kept, durability, gate);
  }

  #stageEncoded(
    size: number,
    kept: unknown,
    durability: DurabilityChoice,
    gate: Gate | undefined,
  ): Promise<number> {
    this.#admit(size, pendingRecordBytes);
    if (this.#staged !== undefined && !this.#joins(this.#staged, durability, gate)) this.flush();
    if (!this.#staging.hasRoom(size)) {
      this.flush();
      this.#progressWithin(); // in one long turn too, what is done is let go of
    }
    this.#encoder.stage(this.#staging);
    this.#stagedDurability = durability;
    this.#staged ??= newRun(durability, [], gate);
    this.#staged.count++;
    this.#staged.values?.push(kept);
    this.#settlement.expect();
    const promise = new Promise<number>(this.#enlist);
    if (this.#policy.isNow(this.#staging, this.#settlement.waiting)) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#flushTurn);
    }
    return promise;
  }

  /** Whether a record with these is for the run that is staged. */
  #joins(staged: Run, durability: DurabilityChoice, gate: Gate | undefined): boolean {
    if (staged.gate !== gate) return false;
    const chosen = this.#stagedDurability;
    if (durability === chosen) return true;
    return durability.kind === chosen.kind && durability.intervalMs === chosen.intervalMs;
  }

  // The one function that every append's promise is made with. The function that rejects is let go of
  // (a promise is rejected by resolving it with a rejected one): it would be a third of the memory.
  readonly #enlist = (resolve: Resolve): void => {
    this.#staged?.resolves?.push(resolve);
  };

  appendBatch(
    values: unknown,
    durability: DurabilityChoice = this.#durability,
    ifLastSeq: number | undefined = undefined,
    gate: Gate | undefined = undefined,
  ): Promise<{ firstSeq: number; lastSeq: number }> {
    const copied = batchValues(values);
    const count = copied.length;
    const batch = this.#batch;
    if (this.#batching) throw nestedError(); // it would empty what the other one has staged
    this.#batching = true;
    try {
      let bytes = 0;
      for (let i = 0; i < count; i++) {
        const value = copied[i];
        const captured = CapturedRecord.is(value);
        bytes += captured ? this.#restore(value) : this.#encode(value, batch);
        checkBatchBytes(bytes);
        if (gate !== undefined) copied[i] = captured ? value.value : this.#decodeAgain();
        this.#encoder.stage(batch);
      }
      this.#admit(bytes, pendingRecordBytes);
      this.flush();
      const run = newRun(durability, undefined, gate);
      run.count = count;
      if (gate !== undefined) run.values = copied;
      return new Promise((resolve, reject) => {
        run.batch = { resolve, reject };
        this.#settlement.expect();
        const error = this.#handOver(run, batch, { durability, atomic: true, ifLastSeq });
        if (error === undefined) return;
        this.#settlement.expectFewer(1);
        reject(error);
        gate?.rejected(count);
      });
    } finally {
      batch.clear();
      this.#batching = false;
    }
  }

  write(value: unknown): number {
    return this.#appendNow(value, this.#durability, false);
  }

  appendSync(value: unknown): number {
    try {
      return this.#appendNow(value, { kind: 0, intervalMs: 0 }, true);
    } finally {
      this.#progress();
    }
  }

  #appendNow(value: unknown, durability: DurabilityChoice, wait: boolean): number {
    const size = this.#encode(value, this.#staging);
    this.flush();
    this.#admit(size, 0);
    this.#encoder.stage(this.#staging);
    const run = newRun(durability, undefined);
    run.count = 1;
    const error = this.#handOver(run, this.#staging, { durability, wait });
    this.#staging.clear();
    if (error !== undefined) throw error;
    return run.firstSeq;
  }

  /** Encodes, and then looks whether the journal is open: encoding runs code of the user's. */
  #encode(value: unknown, staging: Staging): number {
    this.#checkWritable();
    const size = this.#encoder.encode(value, staging);
    this.#checkWritable();
    return size;
  }

  #restore(record: CapturedRecord): number {
    this.#checkWritable();
    return this.#encoder.restore(record);
  }

  /** What reading gives of what was encoded; `unknownValue` where only the log can tell. */
  #decodeAgain(): unknown {
    const decoded = this.#encoder.decodeAgain();
    this.#checkWritable(); // decoding runs code of the user's, too
    return decoded === undefined ? unknownValue : decoded.value;
  }

  #checkWritable(): void {
    if (this.#closing !== undefined) throw closedError(this.#directory);
    if (this.#failure !== undefined) throw refusedBehind(this.#failure);
  }

  /** Throws BUSY unless there is room. */
  #admit(bytes: number, beside: number): void {
    if (this.#admission.admits(bytes, beside)) return;
    this.#admission.checkSize(bytes);
    this.flush();
    this.#progressWithin();
    if (!this.#admission.admits(bytes, beside)) throw this.#admission.refusal();
  }

  // ---- hand-over

  readonly #flushTurn = (): void => {
    this.#scheduled = false;
    this.#policy.endOfTurn(this.#settlement.waiting);
    this.flush();
  };

  /** Hands over what is staged. */
  flush(): void {
    const run = this.#staged;
    if (run === undefined) return;
    this.#staged = undefined;
    const error = this.#handOver(run, this.#staging, { durability: this.#stagedDurability });
    this.#staging.clear();
    if (error === undefined) return;
    this.#settlement.expectFewer(run.count);
    for (const resolve of run.resolves ?? []) resolve(Promise.reject(error));
    run.gate?.rejected(run.count);
  }

  #handOver(run: Run, staging: Staging, choice: HandOverChoice): Error | undefined {
    this.#events.look();
    this.#admission.handingOver();
    return this.#settlement.give(run, staging, choice);
  }

  // ---- settlement

  // Subscribers' code runs in here, and only in here: it may append.
  readonly #tick = (): void => {
    this.#admission.settled();
    this.#progress();
    this.#events.look();
    this.#events.publish();
  };

  #progress(): void {
    const shown = this.#handle.durableSeq(); // before: what is durable by then is settled below
    this.#settlement.take();
    if (this.#settlement.failed && this.#failure === undefined) this.#fail();
    this.#settledSeq = shown;
    this.#waits.look();
  }

  #progressWithin(): void {
    this.#appending = true;
    try {
      this.#progress();
    } finally {
      this.#appending = false;
    }
  }

  #fail(): void {
    const failure = this.#handle.failure();
    if (failure === undefined) return;
    const error = errorOf(failure);
    this.#failure = error;
    this.#waits.rejectAll(error);
    this.#closed.reject(error);
    const event = { directory: this.#directory, error: error as TidemarkError };
    queueMicrotask(() => publishPoison(event));
  }

  // ---- waiting

  sync(): Promise<number> {
    return this.#waits.sync();
  }

  waitFor(seq: number, signal: AbortSignal | undefined): Promise<number> {
    return this.#waits.waitFor(seq, signal);
  }

  beyond(seq: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#waits.beyond(seq, signal);
  }

  observe(observer: () => void): () => void {
    const stop = this.#waits.observe(observer);
    // Behind the beginning of the watch: of what became durable in front of it nobody is told.
    this.#progress();
    return stop;
  }

  makeReader(): NativeReader {
    return this.#handle.reader();
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  // ---- end

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.flush();
      this.#closing = this.#close();
      this.#waits.look(); // followers end
    }
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await operate<void>((operation) => this.#handle.close(operation));
      this.#closed.resolve();
    } catch (error) {
      this.#closed.reject(error);
      throw error;
    } finally {
      this.#progress();
      this.#events.end();
      unlisten(this.#handle.id());
      this.#handle.forget();
      const closed = closedError(this.#directory);
      this.#settlement.end(closed);
      this.#waits.rejectAll(closed);
    }
  }
}
