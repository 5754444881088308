// Who waits for which records. Records are counted by ordinal: the n-th that this handle handed over.
// One hand-over is one run: a few numbers for thousands of records, and for each of them only the
// function that resolves its promise.

/** Settles one append: with its seq, or with a rejected promise. */
export type Resolve = (seq: number | PromiseLike<number>) => void;

export interface BatchWaiter {
  resolve(range: { firstSeq: number; lastSeq: number }): void;
  reject(error: Error): void;
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
    const runs = this.#runs;
    while (this.#head < runs.length) {
      const run = runs[this.#head] as Run;
      this.#settleRun(run, run.durable ? durable : written);
      if (run.settled < run.count) break;
      runs[this.#head] = undefined as unknown as Run;
      this.#head++;
    }
    if (this.#head === runs.length) {
      this.#runs = [];
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#runs = runs.slice(this.#head);
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
    const { resolves, batch } = run;
    if (resolves !== undefined) {
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
}
