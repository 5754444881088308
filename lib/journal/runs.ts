// Who waits for which records. Records are counted by ordinal: the n-th that this handle handed over.
// One hand-over is one run: a few numbers for thousands of records, and for each of them only the
// function that resolves its promise.

import type { DurabilityChoice } from './open-options';

/** Settles one append: with its seq, or with a rejected promise. */
export type Resolve = (seq: number | PromiseLike<number>) => void;

export interface BatchWaiter {
  resolve(range: { firstSeq: number; lastSeq: number }): void;
  reject(error: Error): void;
}

/** Those who wait for the records of a run, in their order. */
export interface Waiters {
  /** The next `count` of them get their seqs. */
  resolve(count: number): void;
  /** All that are left. */
  reject(error: Error): void;
}

/**
 * Stands between records that are settled and those who wait for them: a room above, which does
 * something with the records first. It tells the waiters, then or later. Called in the order of seqs, also
 * in the middle of an append (`Writer.appending`).
 */
export interface Gate {
  settled(firstSeq: number, values: readonly unknown[], bytes: number, waiters: Waiters): void;
  /** So many were rejected; those who wait have been told. */
  rejected(count: number): void;
}

export interface Run {
  firstOrdinal: number;
  count: number;
  firstSeq: number;
  /** Waits for stable storage; otherwise for the operating system to have the bytes. */
  durable: boolean;
  /** How many of `count` are settled. */
  settled: number;
  /** One for each record; absent where nobody waits. */
  resolves: Resolve[] | undefined;
  /** Of a batch, which is settled as a whole. */
  batch: BatchWaiter | undefined;
  /** Where the records go first, with what will be read back of them and their encoded length. */
  gate: Gate | undefined;
  values: unknown[] | undefined;
  bytes: number;
}

/** @param resolves To be filled, one for each record; undefined where nobody waits for single ones. */
export function newRun(
  durability: DurabilityChoice,
  resolves: Resolve[] | undefined,
  gate?: Gate,
): Run {
  return {
    firstOrdinal: 0,
    count: 0,
    firstSeq: 0,
    durable: durability.kind === 0,
    settled: 0,
    resolves,
    batch: undefined,
    gate,
    values: gate === undefined ? undefined : [],
    bytes: 0,
  };
}

interface RejectedRange {
  from: number;
  to: number;
  error: Error;
}

/** FIFO of runs; settles their records strictly in order. */
export class Runs {
  #runs: Run[] = [];
  #head = 0;
  #rejected: RejectedRange[] = [];
  #written = 0;
  #durable = 0;
  #settling = false;
  /** Promises that are not settled. */
  waiting = 0;
  /** The first rejection of a record that nobody waited for. */
  loss: Error | undefined;

  push(run: Run): void {
    const last = this.#runs.at(-1);
    const alike =
      last !== undefined &&
      this.#head < this.#runs.length &&
      last.resolves === undefined &&
      last.batch === undefined &&
      run.resolves === undefined &&
      run.batch === undefined &&
      last.durable === run.durable &&
      last.firstOrdinal + last.count === run.firstOrdinal;
    // Records that nobody waits for need no seq either: one run for any number of them.
    if (alike) last.count += run.count;
    else this.#runs.push(run);
  }

  /** Ordinals that were rejected, both inclusive; ascending over all calls. */
  reject(from: number, to: number, error: Error): void {
    this.#rejected.push({ from, to, error });
  }

  /** Settles what can be settled. */
  settle(written: number, durable: number): void {
    this.#written = written;
    this.#durable = durable;
    // A gate runs code of the user's, which may append and come here again: the loop around it goes on.
    if (this.#settling) return;
    this.#settling = true;
    try {
      this.#settleRuns();
    } finally {
      this.#settling = false;
    }
  }

  #settleRuns(): void {
    while (this.#head < this.#runs.length) {
      const run = this.#runs[this.#head] as Run;
      this.#settleRun(run, run.durable ? this.#durable : this.#written);
      if (run.settled < run.count) break;
      this.#runs[this.#head] = undefined as unknown as Run;
      this.#head++;
    }
    if (this.#head === this.#runs.length) {
      this.#runs = [];
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#runs = this.#runs.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Rejects everything that is left. */
  rejectAll(error: Error): void {
    this.#rejected.push({ from: 0, to: Number.MAX_SAFE_INTEGER, error });
    this.settle(0, 0);
    this.#rejected = [];
  }

  #settleRun(run: Run, limit: number): void {
    const last = run.firstOrdinal + run.count - 1;
    while (run.settled < run.count) {
      const next = run.firstOrdinal + run.settled;
      let range = this.#rejected[0];
      while (range !== undefined && range.to < next) {
        this.#rejected.shift();
        range = this.#rejected[0];
      }
      if (range !== undefined && range.from <= next) {
        this.#advance(run, Math.min(last, range.to), range.error);
        continue;
      }
      const to = Math.min(last, limit, range === undefined ? last : range.from - 1);
      if (to < next) return;
      this.#advance(run, to, undefined);
    }
  }

  #advance(run: Run, to: number, error: Error | undefined): void {
    const from = run.settled;
    const end = to - run.firstOrdinal + 1;
    run.settled = end;
    const { resolves, batch, gate } = run;
    if (gate !== undefined) this.#pass(gate, run, from, end, error);
    else if (resolves !== undefined) {
      this.waiting -= end - from;
      if (error === undefined) {
        for (let i = from; i < end; i++) (resolves[i] as Resolve)(run.firstSeq + i);
      } else {
        for (let i = from; i < end; i++) (resolves[i] as Resolve)(Promise.reject(error));
      }
      // Settled promises are not kept by those behind them.
      if (end < run.count) resolves.fill(undefined as unknown as Resolve, from, end);
    } else if (batch !== undefined) {
      if (error !== undefined) {
        run.settled = run.count;
        this.waiting--;
        batch.reject(error);
      } else if (end === run.count) {
        this.waiting--;
        batch.resolve({ firstSeq: run.firstSeq, lastSeq: run.firstSeq + run.count - 1 });
      }
    } else if (error !== undefined) {
      this.loss ??= error;
    }
  }
  /** Through a gate; rejections need none. */
  #pass(gate: Gate, run: Run, from: number, end: number, error: Error | undefined): void {
    const { resolves, batch } = run;
    const values = run.values as unknown[];
    if (resolves !== undefined) {
      this.waiting -= end - from;
      if (error === undefined) {
        const whole = from === 0 && end === run.count;
        const bytes = whole ? run.bytes : Math.round((run.bytes * (end - from)) / run.count);
        const passed = whole ? values : values.slice(from, end);
        const waiters = new RecordWaiters(resolves, run.firstSeq, from, end);
        gate.settled(run.firstSeq + from, passed, bytes, waiters);
      } else {
        for (let i = from; i < end; i++) (resolves[i] as Resolve)(Promise.reject(error));
        gate.rejected(end - from);
      }
    } else if (batch !== undefined && (error !== undefined || end === run.count)) {
      run.settled = run.count;
      this.waiting--;
      if (error === undefined) {
        gate.settled(run.firstSeq, values, run.bytes, new BatchWaiters(batch, run));
      } else {
        batch.reject(error);
        gate.rejected(run.count);
      }
    }
  }
}

class RecordWaiters implements Waiters {
  readonly #resolves: Resolve[];
  readonly #firstSeq: number;
  readonly #end: number;
  #next: number;

  constructor(resolves: Resolve[], firstSeq: number, from: number, end: number) {
    this.#resolves = resolves;
    this.#firstSeq = firstSeq;
    this.#next = from;
    this.#end = end;
  }

  resolve(count: number): void {
    for (const to = this.#next + count; this.#next < to; this.#next++) {
      (this.#resolves[this.#next] as Resolve)(this.#firstSeq + this.#next);
    }
  }

  reject(error: Error): void {
    for (; this.#next < this.#end; this.#next++) {
      (this.#resolves[this.#next] as Resolve)(Promise.reject(error));
    }
  }
}

/** A batch has one waiter: it is told of the last record, or of the first that fails. */
class BatchWaiters implements Waiters {
  readonly #batch: BatchWaiter;
  readonly #run: Run;
  #left: number;

  constructor(batch: BatchWaiter, run: Run) {
    this.#batch = batch;
    this.#run = run;
    this.#left = run.count;
  }

  resolve(count: number): void {
    this.#left -= count;
    const { firstSeq, count: all } = this.#run;
    if (this.#left === 0) this.#batch.resolve({ firstSeq, lastSeq: firstSeq + all - 1 });
  }

  reject(error: Error): void {
    this.#batch.reject(error);
  }
}
