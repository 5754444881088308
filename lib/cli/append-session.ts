// One run of `append`: records of the input into the journal, and what was acknowledged of them out.

import type { Readable } from 'node:stream';
import { setImmediate as eventLoop } from 'node:timers/promises';
import type { Journal } from '../journal/index';
import { converter, type InputKind, isEmpty } from './append-input';
import { CliError, describe, Exit, exitCodeOf } from './exit';
import * as format from './format';
import { chunksUntil, FrameSplitter, type Item, LineSplitter, type Splitter } from './input';
import type { Io } from './output';
import { Progress } from './progress';

/** What the journal takes by default; a longer record is refused before it is held in memory. */
export const maxRecordBytes = 16 * 2 ** 20;

/**
 * One run: the input into the journal, the acknowledgements to standard output. The journal is opened
 * by the first good record, or by the end of the input: a mistake in the first line makes none.
 */
export class Session {
  journal: Journal<unknown> | undefined;
  /** Why the journal was not opened. */
  openFailure: unknown;
  /** Why the journal took no more. */
  rejection: unknown;
  /** Why the input could not be read on. */
  badInput: unknown;

  readonly #io: Io;
  readonly #open: () => Promise<Journal<unknown>>;
  readonly #splitter: Splitter;
  #toValue: (item: Item) => unknown;
  readonly #kind: InputKind;
  readonly #ack: boolean;
  readonly #interrupted: AbortSignal;
  /** Ends the reading: a signal, a rejection, or nobody left who reads the acknowledgements. */
  readonly #stop = new AbortController();
  readonly #progress: Progress;
  /** Settles when the last record handed over is acknowledged or refused; never rejects. */
  #settled: Promise<void> = Promise.resolve();
  #firstSeq: number | undefined;
  #acknowledged = 0;
  #printed = 0;
  #printing: Promise<void> | undefined;
  #bytes = 0;

  constructor(
    io: Io,
    open: () => Promise<Journal<unknown>>,
    kind: InputKind,
    codecOfNew: string,
    ack: boolean,
    interrupted: AbortSignal,
  ) {
    this.#io = io;
    this.#open = open;
    this.#ack = ack;
    this.#interrupted = interrupted;
    this.#splitter =
      kind === 'binary' ? new FrameSplitter(maxRecordBytes) : new LineSplitter(maxRecordBytes);
    this.#toValue = converter(kind, codecOfNew);
    this.#kind = kind;
    this.#progress = new Progress(io);
  }

  /** False when the journal was refused. */
  async open(): Promise<boolean> {
    try {
      const journal = await this.#open();
      this.journal = journal;
      this.#toValue = converter(this.#kind, journal.codec.name);
      // A writer that ends while the input is silent must not wait for the next line.
      journal.closed.catch((error) => this.#reject(error));
      return true;
    } catch (error) {
      this.openFailure = error;
      this.#stop.abort();
      return false;
    }
  }

  async run(input: Readable): Promise<void> {
    const stop = (): void => this.#stop.abort();
    this.#interrupted.addEventListener('abort', stop);
    if (this.#interrupted.aborted) stop();
    if (this.#ack) this.#io.out.whenBroken(stop);
    try {
      for await (const chunk of chunksUntil(input, this.#stop.signal)) {
        if (!(await this.#take(this.#splitter.push(chunk)))) break;
        this.#progress.update(() => this.summary());
      }
      if (this.badInput === undefined && !this.#stop.signal.aborted) {
        const sound = await this.#take(this.#splitter.end());
        if (sound && this.journal === undefined) await this.open();
      }
    } catch (error) {
      this.badInput ??= error;
    } finally {
      this.#interrupted.removeEventListener('abort', stop);
    }
    await this.#settled;
    await this.#printing;
    this.#progress.clear();
  }

  totals(): { records: number; firstSeq: number | null; lastSeq: number | null; bytes: number } {
    const first = this.#firstSeq;
    const some = first !== undefined && this.#acknowledged >= first;
    return {
      records: some ? this.#acknowledged - first + 1 : 0,
      firstSeq: some ? first : null,
      lastSeq: some ? this.#acknowledged : null,
      bytes: this.#bytes,
    };
  }

  summary(): string {
    const { records, firstSeq, lastSeq } = this.totals();
    if (firstSeq === null || lastSeq === null) return 'appended 0 records';
    return `appended ${format.plural(records, 'record')} (${format.seqRange(firstSeq, lastSeq)})`;
  }

  /** Appends the items; false when the input ends here because one of them is bad. */
  async #take(items: Iterable<Item>): Promise<boolean> {
    let batch: Entry[] = [];
    try {
      for (const item of items) {
        if (isEmpty(this.#kind, item.bytes)) continue;
        let value = this.#toValue(item);
        if (this.journal === undefined) {
          if (!(await this.open())) return false;
          value = this.#toValue(item);
        }
        batch.push({ number: item.number, value });
        this.#bytes += item.bytes.length;
        if (batch.length < recordsAtOnce) continue;
        await this.#pass(batch);
        batch = [];
        if (!this.#goesOn) return false;
      }
    } catch (error) {
      this.badInput ??= error;
    }
    await this.#pass(batch);
    return this.#goesOn;
  }

  get #goesOn(): boolean {
    return this.badInput === undefined && this.rejection === undefined;
  }

  /**
   * Hands the records over and lets go of the event loop. A stream that always has more to read would
   * otherwise keep it, and nobody would hear of the commits that are done meanwhile.
   */
  async #pass(batch: Entry[]): Promise<void> {
    const last = batch.pop();
    const { journal } = this;
    if (last === undefined || journal === undefined) return;
    this.#hand(journal, batch, last);
    await eventLoop();
    if (!journal.writable) await this.#roomOrStop(journal);
  }

  /**
   * All go the same way, in order, so the promise of the last one speaks for them all: a rejected
   * record takes everything behind it along.
   */
  #hand(journal: Journal<unknown>, entries: readonly Entry[], last: Entry): void {
    let written: number | undefined;
    const records = entries.length;
    for (const [index, entry] of entries.entries()) {
      try {
        written = journal.write(entry.value);
      } catch (error) {
        this.#settled = this.#refuse(journal, entry, error, written, index);
        return;
      }
    }
    this.#settled = journal.append(last.value).then(
      (seq) => this.#acknowledge(seq, records + 1),
      (error) => this.#refuse(journal, last, error, written, records),
    );
  }

  /** What the input is to blame for names its line, and what is before it stays; else: the end. */
  async #refuse(
    journal: Journal<unknown>,
    entry: Entry,
    error: unknown,
    written: number | undefined,
    records: number,
  ): Promise<void> {
    if (exitCodeOf(error) !== Exit.badData) {
      this.#reject(error);
      return;
    }
    this.badInput ??= new CliError(
      `Record ${entry.number} of the input is refused: ${describe(error)}`,
      Exit.badData,
      { cause: error },
    );
    this.#stop.abort();
    if (written === undefined) return;
    try {
      await journal.sync();
      this.#acknowledge(written, records);
    } catch (failure) {
      this.#reject(failure);
    }
  }

  #acknowledge(seq: number, records: number): void {
    if (this.#firstSeq === undefined) {
      this.#firstSeq = seq - records + 1;
      this.#printed = seq - records;
    }
    this.#acknowledged = seq;
    if (this.#ack) this.#printing ??= this.#print();
  }

  /** Everything that a commit acknowledged goes out in one write; the next waits for the reader. */
  async #print(): Promise<void> {
    await Promise.resolve();
    while (this.#printed < this.#acknowledged && !this.#io.out.broken) {
      const last = Math.min(this.#acknowledged, this.#printed + maxAcksPerWrite);
      let text = '';
      for (let seq = this.#printed + 1; seq <= last; seq += 1) text += `${seq}\n`;
      this.#printed = last;
      await this.#io.out.write(text);
    }
    this.#printing = undefined;
  }

  #reject(error: unknown): void {
    this.rejection ??= error;
    this.#stop.abort();
  }

  async #roomOrStop(journal: Journal<unknown>): Promise<void> {
    const waiting = new AbortController();
    const stopped = new Promise<void>((resolve) => {
      if (this.rejection !== undefined) resolve();
      const { signal } = waiting;
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true, signal });
    });
    await Promise.race([journal.ready.catch((error) => this.#reject(error)), stopped]);
    waiting.abort();
  }
}

/** A record on its way, and where in the input it stood. */
interface Entry {
  readonly number: number;
  readonly value: unknown;
}

/**
 * Records between two turns of the event loop, and for one promise: some milliseconds, in which a turn
 * that has nothing to do costs microseconds.
 */
const recordsAtOnce = 1024;

/** Bounds the text that waits for a slow reader of acknowledgements. */
const maxAcksPerWrite = 8192;
