// This thread's copy of a state: follows the journal and applies every event once, in order of seq.
// What the thread appended itself is at hand when it is durable; the rest is read.

import { checkSynchronous } from '../arguments';
import { TidemarkError } from '../errors';
import { RangeBatches } from '../journal/batches';
import type { Gate, Waiters } from '../journal/runs';
import { unknownValue, type Writer } from '../journal/writer';
import { hold, release } from '../runtime';
import { OwnEvents } from './own-events';

/** Applies one event. What it returns, unless undefined, is the new value. */
export type Apply = (state: unknown, event: unknown, seq: number) => unknown;

interface Wait {
  reached(): boolean;
  resolve(): void;
  reject(error: unknown): void;
}

export function applyError(seq: number, cause: unknown): TidemarkError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TidemarkError(
    'ERR_TIDEMARK_APPLY',
    `event ${seq} is durable, but apply threw: ${reason}. Open the state again with an apply that ` +
      "takes it, or with onApplyError: 'skip'",
    { seq, cause },
  );
}

/** One event on a value; throws what `apply` throws. */
export function applied(apply: Apply, value: unknown, event: unknown, seq: number): unknown {
  const result = checkSynchronous('apply', apply(value, event, seq));
  return result === undefined ? value : result;
}

/** Records that the log should have behind a checkpoint, and has not. */
export function gapError(fromSeq: number, toSeq: number): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_CORRUPT',
    `the journal has no records ${fromSeq} to ${toSeq}, which the state needs: they were lost`,
    { fromSeq, toSeq },
  );
}

export interface ReplicaHooks {
  apply: Apply;
  /** After events were applied: how many, and their bytes. */
  onApplied(count: number, bytes: number): void;
  /** The log was released behind what this copy has seen: the newest checkpoint. */
  reload(): Promise<{ value: unknown; seq: number }>;
}

export class Replica implements Gate {
  value: unknown;
  /** The last event that was applied. */
  seq: number;
  readonly #writer: Writer;
  readonly #hooks: ReplicaHooks;
  readonly #own = new OwnEvents();
  #appended = 0; // events of this thread that are neither settled nor rejected
  readonly #waits = new Set<Wait>();
  readonly #unobserve: () => void;
  #scheduled = false;
  #reading = false;
  #applying = false;
  #holds = 0;
  #released: (() => void)[] = [];
  #failure: Error | undefined;
  #ended: Error | undefined;

  constructor(writer: Writer, value: unknown, seq: number, hooks: ReplicaHooks) {
    this.#writer = writer;
    this.value = value;
    this.seq = seq;
    this.#hooks = hooks;
    this.#unobserve = writer.observe(this.#schedule);
    this.#schedule();
  }

  /** Why it follows no more. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Events of this thread that are not applied yet. */
  get pending(): number {
    return this.#appended + this.#own.count;
  }

  /** Events that this thread hands to the journal, with this copy as their gate. */
  began(count: number): void {
    this.#appended += count;
  }

  settled(firstSeq: number, values: readonly unknown[], bytes: number, waiters: Waiters): void {
    this.#appended -= values.length;
    if (this.#failure !== undefined) {
      waiters.reject(this.#failure);
      return;
    }
    this.#own.push({ firstSeq, lastSeq: firstSeq + values.length - 1, values, bytes, waiters });
    if (this.#reading || this.#holds > 0) return;
    if (this.#writer.appending) {
      this.#schedule(); // `apply` may commit
      return;
    }
    this.#applyOwn();
    this.#look();
  }

  rejected(count: number): void {
    this.#appended -= count;
    this.#schedule();
  }

  /** Resolves when everything that has a seq, of whatever thread, is applied here. */
  caughtUp(): Promise<void> {
    return this.#until(() => this.seq >= this.#writer.lastSeq);
  }

  /** Resolves when everything that this thread appended is applied here or rejected. */
  drained(): Promise<void> {
    return this.#until(() => this.pending === 0);
  }

  #until(reached: () => boolean): Promise<void> {
    const failure = this.#failure ?? (reached() ? undefined : this.#ended);
    if (failure !== undefined) return Promise.reject(failure);
    if (reached()) return Promise.resolve();
    hold();
    return new Promise<void>((resolve, reject) => {
      this.#waits.add({ reached, resolve, reject });
      this.#schedule();
    }).finally(release);
  }

  /** Nothing is applied until the result is called. */
  hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      if (this.#holds > 0) return;
      for (const go of this.#released.splice(0)) go();
      this.#schedule();
    };
  }

  /** The copy follows no more, and whatever waits for it is told why. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#unobserve();
    for (const { waiters } of this.#own.takeAll()) waiters.reject(error);
    this.#rejectWaits(error);
  }

  /** No more comes from the journal: it was closed, or its writer ended. */
  ended(error: Error): void {
    this.#ended = error;
    this.#rejectWaits(error);
  }

  #rejectWaits(error: Error): void {
    for (const wait of this.#waits) wait.reject(error);
    this.#waits.clear();
  }

  // In a microtask: what was settled in the same turn comes first.
  readonly #schedule = (): void => {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#run);
  };

  readonly #run = (): void => {
    this.#scheduled = false;
    if (this.#failure !== undefined || this.#reading || this.#holds > 0) return;
    if (this.#applying) return; // comes again from there
    this.#applyOwn();
    if (this.#failure !== undefined) return;
    const to = this.#readable();
    if (to > this.seq) void this.#read(to);
    else this.#look();
  };

  #look(): void {
    for (const wait of this.#waits) {
      if (!wait.reached()) continue;
      this.#waits.delete(wait);
      wait.resolve();
    }
  }

  #applyOwn(): void {
    // A commit inside of `apply` may come here: the loop around it goes on.
    if (this.#applying) return;
    this.#applying = true;
    try {
      this.#applyRuns();
    } finally {
      this.#applying = false;
    }
  }

  #applyRuns(): void {
    let count = 0;
    let bytes = 0;
    for (;;) {
      const run = this.#own.peek();
      if (run === undefined || run.firstSeq > this.seq + 1) break;
      // What is at or below `seq` was read from the log meanwhile.
      for (let next = this.seq + 1 - run.firstSeq; next < run.values.length; next++) {
        const value = run.values[next];
        if (value === unknownValue) break;
        if (!this.#apply(value, this.seq + 1)) return;
        count += 1;
      }
      if (this.seq < run.lastSeq) break;
      bytes += run.bytes;
      this.#own.shift();
      run.waiters.resolve(run.values.length);
    }
    if (count > 0) this.#hooks.onApplied(count, bytes);
  }

  /** Up to here the log has to be read: it is durable, and not at hand. */
  #readable(): number {
    const durable = this.#writer.settledSeq;
    const run = this.#own.peek();
    if (run === undefined) return durable;
    // The next one is of another thread, or of this one and has to be read.
    return Math.min(durable, run.firstSeq > this.seq + 1 ? run.firstSeq - 1 : run.lastSeq);
  }

  async #read(to: number): Promise<void> {
    this.#reading = true;
    try {
      await this.#readBatches(to);
    } catch (error) {
      if (!isTruncated(error) || !(await this.#reload())) this.fail(error as Error);
    }
    this.#reading = false;
    this.#schedule();
  }

  async #readBatches(to: number): Promise<void> {
    const batches = new RangeBatches(this.#writer, this.seq + 1, to, false, undefined);
    try {
      for (;;) {
        const batch = await batches.next();
        if (batch === undefined) break;
        while (this.#holds > 0) await this.#whenReleased();
        if (batch.firstSeq !== this.seq + 1) throw gapError(this.seq + 1, batch.firstSeq - 1);
        let start = 0;
        for (let i = 0; i < batch.lengths.length; i++) {
          const seq = batch.firstSeq + i;
          const event = this.#writer.decoder.decode(batch, i, start, seq);
          start += batch.lengths[i] as number;
          if (!this.#apply(event, seq)) return;
        }
        this.#hooks.onApplied(batch.lengths.length, batch.bytes.length);
      }
    } finally {
      batches.close();
    }
    if (this.seq < to) throw gapError(this.seq + 1, to);
  }

  #whenReleased(): Promise<void> {
    return new Promise((resolve) => {
      this.#released.push(resolve);
    });
  }

  /** A copy that was left behind (its thread was blocked) begins anew at the newest checkpoint. */
  async #reload(): Promise<boolean> {
    try {
      const { value, seq } = await this.#hooks.reload();
      if (seq <= this.seq) return false;
      this.value = value;
      this.seq = seq;
      return true;
    } catch {
      return false; // the error that led here is told
    }
  }

  #apply(event: unknown, seq: number): boolean {
    try {
      this.value = applied(this.#hooks.apply, this.value, event, seq);
    } catch (cause) {
      // Those in front of it in the same run are applied: they are told so.
      const run = this.#own.peek();
      if (run !== undefined && run.firstSeq < seq) run.waiters.resolve(seq - run.firstSeq);
      this.fail(applyError(seq, cause));
      return false;
    }
    this.seq = seq;
    return true;
  }
}

function isTruncated(error: unknown): boolean {
  return error instanceof TidemarkError && error.code === 'ERR_TIDEMARK_TRUNCATED';
}
