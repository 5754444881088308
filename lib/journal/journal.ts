// The public face of a journal: checks arguments and delegates.

import type { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import {
  checkInteger,
  checkOptions,
  checkPath,
  checkSignal,
  checkText,
  rangeError,
  typeError,
  valueError,
} from '../arguments';
import type { NativeCursor } from '../binding';
import { TidemarkError } from '../errors';
import type { RecoveryReport, SnapshotReport } from '../recovery/report';
import { operate, runtime } from '../runtime';
import { FollowBatches, RangeBatches } from './batches';
import { Cursor } from './cursor';
import {
  type JournalRecord,
  type RecordBatch,
  RecordBatchIterator,
  RecordIterator,
} from './iterators';
import type { ReadOnlySource } from './observer';
import { type Opened, openJournal } from './open';
import { checkDurability, type DurabilityChoice } from './open-options';
import type {
  AppendBatchOptions,
  AppendOptions,
  FollowOptions,
  JournalOptions,
  ReadOptions,
  WaitOptions,
} from './options';
import { PointReads } from './point-reads';
import type { RecordSource } from './source';
import { type JournalStats, readOnlyStats, type SegmentInfo } from './stats';
import { readableOf, readableStreamOf, writableOf, writableStreamOf } from './streams';
import type { Writer } from './writer';

const cursorNameMostBytes = 64;

interface RangeChoice {
  from: number | undefined;
  to: number | undefined;
  reverse: boolean;
  signal: AbortSignal | undefined;
}

function checkRange(name: string, options: ReadOptions | undefined): RangeChoice {
  const asked = checkOptions<ReadOptions>(name, options, ['from', 'to', 'reverse', 'signal']);
  const { from, to, reverse = false } = asked;
  if (from !== undefined) checkInteger('from', from, 1);
  if (to !== undefined) checkInteger('to', to, 1);
  if (from !== undefined && to !== undefined && from > to) {
    throw rangeError(`"from" (${from}) must not be above "to" (${to}), also with reverse`);
  }
  if (typeof reverse !== 'boolean') throw typeError('reverse', 'a boolean', reverse);
  return { from, to, reverse, signal: checkSignal(asked.signal) };
}

function checkAppend(options: AppendOptions | undefined): DurabilityChoice | undefined {
  if (options === undefined) return undefined;
  const { durability } = checkOptions<AppendOptions>('append', options, ['durability']);
  return durability === undefined ? undefined : checkDurability(durability);
}

function checkCursorName(name: unknown): string {
  const text = checkText('name', name, cursorNameMostBytes);
  if (text === '') throw valueError('"name" must not be empty');
  return text;
}

/**
 * The writer behind an open journal, for the rooms that are built on it; undefined when it is read-only.
 *
 * @internal
 */
export let writerOf: <T>(journal: Journal<T>) => Writer | undefined;
/**
 * What an open journal is read from.
 *
 * @internal
 */
export let sourceOf: <T>(journal: Journal<T>) => RecordSource;

/**
 * A durable log of records. Each has a seq: 1 (or `startSeq`) for the first, and one more for each
 * that follows. What an append promised stays true after the power goes out.
 *
 * Any number of opens of one directory in a process, in whatever threads, share one writer; each is a
 * handle of its own. Another process gets `ERR_TIDEMARK_LOCKED`, or opens with `readOnly`.
 */
export class Journal<T = unknown> implements AsyncDisposable {
  readonly #writer: Writer | undefined;
  readonly #readOnly: ReadOnlySource | undefined;
  readonly #directory: string;
  readonly #points: PointReads;

  /** Of the journal, for ever; 32 hexadecimal digits. Copies by `snapshot` keep it. */
  readonly id: string;
  /** The codec that the journal recorded at its creation. */
  readonly codec: { readonly name: string; readonly version: number };
  /** What this open found and did; of the open that began the writer, for a handle that joined it. */
  readonly recovery: RecoveryReport;

  static {
    writerOf = (journal) => journal.#writer;
    sourceOf = (journal) => journal.#source();
  }

  private constructor({ source, id, codec, recovery }: Opened, directory: string) {
    this.#writer = 'append' in source ? source : undefined;
    this.#readOnly = 'append' in source ? undefined : source;
    this.#directory = directory;
    this.#points = new PointReads(source);
    this.id = id;
    this.codec = codec;
    this.recovery = recovery;
  }

  /**
   * Opens a journal, and creates it with its directory (durably) unless `readOnly`. When it resolves,
   * everything that the journal shows is on stable storage.
   *
   * @param dir A directory of its own; files in it that are not tidemark's are left alone.
   * @throws `ERR_TIDEMARK_LOCKED` with `holder`, `_CORRUPT` with the place, `_MISMATCH`, `_VERSION`,
   * `_UNSUPPORTED`, `_IO`, `_NO_SPACE`, `_CONFIG`; nothing is changed by an open that refuses.
   */
  static async open<T = unknown>(dir: string, options?: JournalOptions<T>): Promise<Journal<T>> {
    const directory = checkPath('dir', dir);
    return new Journal<T>(await openJournal(directory, options), directory);
  }

  // ---- state

  /**
   * Random, 16 hexadecimal digits; new whenever a segment begins after an unclean open, an undone
   * commit, a snapshot or a salvage. (id, epoch, seq) names one record for ever.
   */
  get epoch(): string {
    return (this.#writer ?? this.#reading()).handle.epoch();
  }

  /** The oldest retained record; `lastSeq + 1` when there is none. */
  get firstSeq(): number {
    return this.#source().firstSeq;
  }

  /**
   * The last seq given out, durable or not; 0 when nothing was ever written. In a read-only journal
   * the last record that is shown, as of the last look at the disk (each read looks).
   */
  get lastSeq(): number {
    return this.#writer?.lastSeq ?? this.#source().shownSeq;
  }

  /** The watermark's seq: everything up to it is on stable storage, whoever wrote it. */
  get durableSeq(): number {
    return this.#source().shownSeq;
  }

  /**
   * Whether no more than 16 MiB, or half of `maxPendingBytes`, are accepted and not yet written. When false, wait for {@link ready}
   * before appending more. Always false when closed, poisoned or read-only.
   */
  get writable(): boolean {
    return this.#writer?.writable ?? false;
  }

  /** Resolves when {@link writable} is true; rejects when the journal is closed or its writer ended. */
  get ready(): Promise<void> {
    if (this.#writer !== undefined) return this.#writer.ready;
    return Promise.reject(this.#readOnlyError());
  }

  /** Resolves on `close()`; rejects with the reason when the writer ended by itself. */
  get closed(): Promise<void> {
    return this.#source().whenClosed;
  }

  // ---- writing

  /**
   * Appends a record. The value is encoded before the call returns.
   *
   * @returns Its seq, when the chosen durability is reached: with 'commit' it and everything in front
   * of it is on stable storage.
   * @throws Rejections carry `outcome`: `ERR_TIDEMARK_ENCODE`, `_SCHEMA`, `_TOO_LARGE`, `_BUSY`,
   * `_CLOSED`, `_READ_ONLY` (nothing was written, no seq used); `_NO_SPACE`, `_IO` (this record and
   * everything accepted after it; the journal goes on); `_POISONED` (a sync failed; this journal ends).
   */
  append(value: T, options?: AppendOptions): Promise<number> {
    try {
      return this.#writing().append(value, checkAppend(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Appends records as one commit: all or nothing, with contiguous seqs. At most 1,048,576 records and
   * 256 MiB.
   *
   * @throws Like `append`; `RangeError` for an empty array; `ERR_TIDEMARK_CONFLICT` when `ifLastSeq`
   * is given and differs from the journal's last seq.
   */
  async appendBatch(
    values: readonly T[],
    options?: AppendBatchOptions,
  ): Promise<{ firstSeq: number; lastSeq: number }> {
    const writer = this.#writing();
    const asked = checkOptions<AppendBatchOptions>('appendBatch', options, [
      'durability',
      'ifLastSeq',
    ]);
    const { durability, ifLastSeq } = asked;
    if (ifLastSeq !== undefined) checkInteger('ifLastSeq', ifLastSeq, 0);
    const choice = durability === undefined ? undefined : checkDurability(durability);
    return writer.appendBatch(values, choice, ifLastSeq);
  }

  /**
   * Appends a record and blocks the thread until it is on stable storage, whatever the journal's
   * durability. For exit handlers and scripts.
   *
   * @returns Its seq.
   * @throws Like `append`.
   */
  appendSync(value: T): number {
    return this.#writing().appendSync(value);
  }

  /**
   * Appends a record without waiting. Nothing is promised of it until `durableSeq` reaches it; `sync`
   * and `close` reject when it was lost.
   *
   * @returns Its provisional seq: final once it is at or below `durableSeq`.
   * @throws Like `append`, as far as it is known at once.
   */
  write(value: T): number {
    return this.#writing().write(value);
  }

  /**
   * Makes everything that was appended before the call durable.
   *
   * @returns The watermark's seq, at least that of every record before the call.
   * @throws When a record that was written with `write` since the last `sync` was rejected.
   */
  async sync(): Promise<number> {
    return this.#writing().sync();
  }

  /**
   * Waits until a seq is durable, without forcing anything; in a read-only journal until it is shown.
   *
   * @returns The watermark's seq, at least `seq`.
   * @throws `AbortError`; `ERR_TIDEMARK_POISONED` or `_CLOSED` when it can no longer come.
   */
  async waitFor(seq: number, options?: WaitOptions): Promise<number> {
    checkInteger('seq', seq, 0);
    const { signal } = checkOptions<WaitOptions>('waitFor', options, ['signal']);
    return this.#source().waitFor(seq, checkSignal(signal));
  }

  // ---- reading: records at or below the watermark only

  /**
   * Reads one record.
   *
   * @returns undefined above the last durable record, and where the log has a gap that is no loss.
   * @throws `ERR_TIDEMARK_TRUNCATED` below `firstSeq`; `_CORRUPT` when the record is damaged or lost;
   * `_ENCODE` when the codec cannot decode it.
   */
  async get(seq: number): Promise<JournalRecord<T> | undefined> {
    checkInteger('seq', seq, 1);
    const [record] = await this.#points.get(Float64Array.of(seq));
    return record as JournalRecord<T> | undefined;
  }

  /** Reads several records, in the order asked for; like `get` for each. */
  async getMany(seqs: readonly number[]): Promise<(JournalRecord<T> | undefined)[]> {
    if (!Array.isArray(seqs)) throw typeError('seqs', 'an array', seqs);
    const checked = Array.from(seqs, (seq, index) => checkInteger(`seqs[${index}]`, seq, 1));
    const records = await this.#points.get(Float64Array.from(checked));
    return records as (JournalRecord<T> | undefined)[];
  }

  /**
   * Reads a range, forwards or backwards. The end is fixed at the first `next()`. Gaps are stepped
   * over. Leaving a `for await` early frees everything at once.
   *
   * @throws While iterating: `ERR_TIDEMARK_TRUNCATED`, `_CORRUPT`, `_ENCODE`, `_IO`, `AbortError`.
   */
  read(options?: ReadOptions): AsyncIterableIterator<JournalRecord<T>> {
    const { from, to, reverse, signal } = checkRange('read', options);
    const batches = new RangeBatches(this.#source(), from, to, reverse, signal);
    return new RecordIterator<T>(batches, this.#source().decoder, reverse);
  }

  /**
   * The fast form of `read`: many records at a time, never across a gap. With `reverse` the batches
   * come from the end; the values inside of each are still ascending.
   */
  readBatches(options?: ReadOptions): AsyncIterableIterator<RecordBatch<T>> {
    const { from, to, reverse, signal } = checkRange('readBatches', options);
    const batches = new RangeBatches(this.#source(), from, to, reverse, signal);
    return new RecordBatchIterator<T>(batches, this.#source().decoder);
  }

  /**
   * Reads history and then every record as it becomes durable, also when another process writes it.
   * Ends when this handle is closed.
   *
   * @throws While iterating: like `read`; the reason when the writer ended by itself.
   */
  follow(options?: FollowOptions): AsyncIterableIterator<JournalRecord<T>> {
    const asked = checkOptions<FollowOptions>('follow', options, ['from', 'signal']);
    const from: unknown = asked.from === undefined ? 'start' : asked.from;
    if (from !== 'start' && from !== 'end') {
      if (typeof from === 'string') throw valueError(`"from" must be a seq, 'start' or 'end'`);
      checkInteger('from', from, 1);
    }
    const position = from as number | 'start' | 'end';
    const batches = new FollowBatches(this.#source(), position, checkSignal(asked.signal));
    return new RecordIterator<T>(batches, this.#source().decoder, false);
  }

  /** `read` as a Node stream of `{ seq, value }` in object mode. */
  createReadStream(options?: ReadOptions): Readable {
    return readableOf(this.read(options));
  }

  /**
   * A Node stream in object mode that appends every value. A write's callback is called when its
   * record is acknowledged, 'finish' is emitted when everything is durable, and a rejection destroys
   * the stream. Values that come while a commit is written are the next one.
   */
  createWriteStream(): Writable {
    this.#writing().checkOpen();
    return writableOf<T>(this);
  }

  /** `read` as a web stream of `{ seq, value }`. */
  toReadableStream(options?: ReadOptions): ReadableStream<JournalRecord<T>> {
    return readableStreamOf(this.read(options));
  }

  /**
   * A web stream that appends every value. A write resolves when its record is acknowledged, and a web
   * stream writes one value at a time: `createWriteStream` makes larger commits.
   */
  toWritableStream(): WritableStream<T> {
    this.#writing().checkOpen();
    return writableStreamOf<T>(this);
  }

  // ---- cursors, retention, copies

  /**
   * Opens a named cursor, and creates it, durably, at 0.
   *
   * @param name 1 to 64 bytes of UTF-8.
   */
  async cursor(name: string): Promise<Cursor> {
    const text = checkCursorName(name);
    const writer = this.#writingOpen();
    const at = await operate<NativeCursor>((operation) =>
      writer.handle.openCursor(operation, text),
    );
    return new Cursor(writer.handle, writer, at);
  }

  /**
   * All named cursors, by name. `lag` counts durable records that are not processed. Read-only, it is
   * what the disk holds now.
   */
  async cursors(): Promise<{ name: string; seq: number; lag: number }[]> {
    const readOnly = this.#readOnly;
    if (readOnly === undefined) return this.#writingOpen().handle.cursors();
    readOnly.checkOpen();
    await readOnly.refresh();
    return operate<NativeCursor[]>((operation) => readOnly.handle.cursors(operation));
  }

  /** Removes a cursor; what it held may be released. Durable when it resolves. Idempotent. */
  async deleteCursor(name: string): Promise<void> {
    const text = checkCursorName(name);
    const writer = this.#writingOpen();
    await operate<void>((operation) => writer.handle.deleteCursor(operation, text));
  }

  /**
   * Releases everything below a seq; cursors that have not processed it hold it back. When it resolves
   * `firstSeq` is durable, and reads below it are `ERR_TIDEMARK_TRUNCATED`. Files go when nothing in
   * them is needed. Below `firstSeq` nothing happens.
   *
   * @param seq At most `lastSeq + 1`, `RangeError` above. It is made durable first.
   */
  async truncateBefore(seq: number): Promise<{
    firstSeq: number;
    releasedSegments: number;
    heldBy: { name: string; seq: number }[];
  }> {
    checkInteger('seq', seq, 1);
    const writer = this.#writingOpen();
    if (seq > writer.lastSeq + 1) {
      throw rangeError(`"seq" must be at most lastSeq + 1 (${writer.lastSeq + 1}), not ${seq}`);
    }
    if (seq > writer.shownSeq + 1) await writer.sync();
    return operate((operation) => writer.handle.truncateBefore(operation, seq));
  }

  /** The live segments, oldest first. */
  segments(): SegmentInfo[] {
    return (this.#writer ?? this.#reading()).handle.segments() as SegmentInfo[];
  }

  /**
   * Copies the journal, as it is now, to another directory while the writer runs: the only way to back
   * it up. Everything appended before the call is in it, and all of it is durable when the promise
   * resolves. The copy opens for writing, with the same id and a new epoch.
   *
   * @param outDir Created; one that is not empty is `ERR_TIDEMARK_EXISTS`.
   */
  async snapshot(outDir: string): Promise<SnapshotReport> {
    const out = checkPath('outDir', outDir);
    this.#source().checkOpen();
    if (this.#writer !== undefined) await this.#writer.sync();
    else await this.#reading().refresh();
    const { handle } = this.#writer ?? this.#reading();
    return operate<SnapshotReport>((operation) => handle.snapshot(operation, out));
  }

  /** Counters and latencies. */
  stats(): JournalStats {
    if (this.#writer !== undefined) return this.#writer.handle.stats() as JournalStats;
    return readOnlyStats(this.segments(), runtime().crc32cKernel());
  }

  // ---- end

  /**
   * Ends this handle. Everything that was appended is committed; the last handle of a process also
   * ends the writer. Idempotent.
   *
   * @throws When an accepted record did not become durable.
   */
  async close(): Promise<void> {
    try {
      await this.#source().close();
    } finally {
      this.#points.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #source(): Writer | ReadOnlySource {
    return this.#writer ?? this.#reading();
  }

  #reading(): ReadOnlySource {
    return this.#readOnly as ReadOnlySource;
  }

  #writing(): Writer {
    if (this.#writer === undefined) throw this.#readOnlyError();
    return this.#writer;
  }

  #writingOpen(): Writer {
    const writer = this.#writing();
    writer.checkOpen();
    return writer;
  }

  #readOnlyError(): TidemarkError {
    return new TidemarkError(
      'ERR_TIDEMARK_READ_ONLY',
      'the journal is open with readOnly: open it without, in the process that writes',
      { path: this.#directory, outcome: 'not-written' },
    );
  }
}
