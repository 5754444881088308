// From the hand-over of records to the settlement of everybody who waits for them: the one place that
// counts what was handed over and what became of it. Says nothing to subscribers and runs no code of
// theirs, but for the gates of the runs.

import type { NativeJournal } from '../binding';
import { errorOf } from '../failure';
import { hold, release } from '../runtime';
import { HandOver, type HandOverChoice } from './hand-over';
import { type Run, Runs } from './runs';
import type { Staging } from './staging';

export class Settlement {
  readonly #link: HandOver;
  readonly #runs = new Runs();
  #handed = 0; // ordinal of the last record handed over
  #final = 0; // up to here everything is durable or rejected
  #held = false;

  constructor(handle: NativeJournal) {
    this.#link = new HandOver(handle);
  }

  /** Accepted by the writer from all handles and not yet written, as of the last call, in bytes. */
  get pendingBytes(): number {
    return this.#link.pendingBytes;
  }

  /** The writer is below its high-water mark, as of the last call. */
  get writable(): boolean {
    return this.#link.writable;
  }

  /** The writer ended by itself, as of the last `take`. */
  get failed(): boolean {
    return this.#link.failed;
  }

  /** Ordinal of the last record handed over. */
  get handed(): number {
    return this.#handed;
  }

  /** Up to this ordinal every record is durable or rejected. */
  get final(): number {
    return this.#final;
  }

  /** Promises that are not settled, of staged records too: see `expect`. */
  get waiting(): number {
    return this.#runs.waiting;
  }

  /** A promise more that will be settled. */
  expect(): void {
    this.#runs.waiting++;
  }

  /** So many fewer: their records were refused before the hand-over. */
  expectFewer(count: number): void {
    this.#runs.waiting -= count;
  }

  /** Hands over what is staged as one run. The error, and then nothing was. */
  give(run: Run, staging: Staging, choice: HandOverChoice): Error | undefined {
    const failure = this.#link.give(staging, choice);
    if (failure !== undefined) return errorOf(failure);
    run.bytes = staging.payloadBytes;
    run.firstSeq = this.#link.firstSeq;
    run.firstOrdinal = this.#handed + 1;
    this.#handed += run.count;
    this.#runs.push(run);
    this.#holdWhilePending();
    return undefined;
  }

  /** Learns what became of the records, and settles what can be settled. */
  take(): void {
    const rejections = this.#link.takeProgress();
    const { written, durable } = this.#link;
    if (durable > this.#final) this.#final = durable;
    if (rejections !== undefined) {
      for (const { from, to, failure } of rejections) {
        const known = Math.min(to, this.#handed);
        if (from <= known) this.#runs.reject(from, known, errorOf(failure));
        // A record of appendSync that was accepted and then rejected: its caller was told.
        if (to > this.#handed) this.#handed = to;
        if (to > this.#final) this.#final = to;
      }
    }
    this.#runs.settle(written, durable);
    this.#holdWhilePending();
  }

  /** The first rejection, since the last call, of a record that nobody waited for. */
  takeLoss(): Error | undefined {
    const { loss } = this.#runs;
    this.#runs.loss = undefined;
    return loss;
  }

  /** Nothing more will come: rejects whatever is left. */
  end(error: Error): void {
    this.#runs.rejectAll(error);
    this.#final = this.#handed;
    this.#holdWhilePending();
  }

  /** A process does not end by itself while it has records that are neither durable nor rejected. */
  #holdWhilePending(): void {
    const pending = this.#final < this.#handed;
    if (pending === this.#held) return;
    this.#held = pending;
    if (pending) hold();
    else release();
  }
}
