// What may be pending: beyond it, appends are refused with BUSY, before anything is handed over.

import { mostGap } from '../codec/codec';
import { busyError, largerThanPending } from './refusals';
import type { Settlement } from './settlement';
import type { Staging } from './staging';

/**
 * What a pending append costs in memory beside its bytes, counted into `maxPendingBytes`. Measured over
 * a million of them: 171 bytes are ours (the promise, the function that resolves it, their context,
 * places in lists and tables), a caller's `await` or `catch` adds about 150, and a heap that grows and
 * is collected keeps half as much again.
 */
export const pendingRecordBytes = 512;

export interface WriterLimits {
  maxPendingBytes: number;
  highWaterBytes: number;
}

export class Admission {
  readonly #limits: WriterLimits;
  readonly #settlement: Settlement;
  readonly #staging: Staging;
  #left = 0; // so many bytes are admitted without looking at what is pending
  #busy: Error | undefined;

  /** @param staging Where admitted records are until their hand-over. */
  constructor(limits: WriterLimits, settlement: Settlement, staging: Staging) {
    this.#limits = limits;
    this.#settlement = settlement;
    this.#staging = staging;
  }

  get isBelowHighWater(): boolean {
    return this.#pending() <= this.#limits.highWaterBytes;
  }

  /**
   * Whether there is room for a record of so many bytes, and what it costs `beside` them; from then on
   * it is counted. What is known of the writer may be old: ask it before refusing.
   */
  admits(bytes: number, beside: number): boolean {
    const left = this.#left - bytes - beside - mostGap;
    if (left < 0) return this.#fits(bytes, beside);
    this.#left = left;
    return true;
  }

  /** Of records that were not admitted. */
  refusal(): Error {
    // One error for all refusals until something is settled: a caller that runs ahead of the disk is
    // refused a million times, and an error with its stack is half a kilobyte.
    this.#busy ??= busyError(this.#pending(), this.#limits.maxPendingBytes);
    return this.#busy;
  }

  /** Throws for what is more than may ever be pending. */
  checkSize(bytes: number): void {
    const most = this.#limits.maxPendingBytes;
    if (bytes > most) throw largerThanPending(bytes, most);
  }

  /** Something is handed over, perhaps for others, too: what is pending is looked at anew. */
  handingOver(): void {
    this.#left = 0;
  }

  /** Something was settled, and others may have handed over more. */
  settled(): void {
    this.#busy = undefined;
    this.#left = 0;
  }

  #pending(): number {
    const { pendingBytes, waiting } = this.#settlement;
    return pendingBytes + this.#staging.used + waiting * pendingRecordBytes;
  }

  /** Where nothing is pending, what costs beside the bytes refuses nothing. */
  #fits(bytes: number, beside: number): boolean {
    const pending = this.#pending();
    const left = this.#limits.maxPendingBytes - pending - bytes - beside;
    this.#left = Math.max(left, 0);
    return left >= 0 || (pending === 0 && bytes <= this.#limits.maxPendingBytes);
  }
}
