// The two calls between this thread and the writer: records in, progress out. Arguments and answers go
// through one Float64Array, whose places native/addon/journal_handle.cpp knows too, so that a call
// makes no object.

import type { NativeFailure, NativeJournal, NativeRejection } from '../binding';
import type { DurabilityChoice } from './open-options';
import type { Staging } from './staging';

const place = {
  // in
  bytes: 0,
  count: 1,
  atomic: 2,
  durability: 3,
  intervalMs: 4,
  ifLastSeq: 5,
  wait: 6,
  // out
  firstSeq: 8,
  written: 9,
  durable: 10,
  pendingBytes: 13,
  writable: 14,
  failed: 15,
} as const;
const places = 16;
const nothing = -1;

export interface HandOverChoice {
  durability: DurabilityChoice;
  /** One commit, all or nothing. */
  atomic?: boolean;
  ifLastSeq?: number | undefined;
  /** Block until the records are durable or rejected. */
  wait?: boolean;
}

export class HandOver {
  readonly #handle: NativeJournal;
  readonly #shared = new Float64Array(places);

  constructor(handle: NativeJournal) {
    this.#handle = handle;
  }

  /** Copies what is staged to the writer. The failure; otherwise `firstSeq` is that of the records. */
  give(staging: Staging, choice: HandOverChoice): NativeFailure | undefined {
    const shared = this.#shared;
    shared[place.bytes] = staging.used;
    shared[place.count] = staging.count;
    shared[place.atomic] = choice.atomic ? 1 : 0;
    shared[place.durability] = choice.durability.kind;
    shared[place.intervalMs] = choice.durability.intervalMs;
    shared[place.ifLastSeq] = choice.ifLastSeq ?? nothing;
    shared[place.wait] = choice.wait ? 1 : 0;
    const { bytes, lengths, attributes, hashes } = staging;
    return this.#handle.handOver(bytes, lengths, attributes, hashes, shared);
  }

  /** Refreshes everything below; what was rejected since the last call. */
  takeProgress(): NativeRejection[] | undefined {
    return this.#handle.takeProgress(this.#shared);
  }

  #get(index: number): number {
    return this.#shared[index] as number;
  }

  /** Of the last hand-over. */
  get firstSeq(): number {
    return this.#get(place.firstSeq);
  }

  /** Ordinal up to which everything is with the system, or rejected. */
  get written(): number {
    return this.#get(place.written);
  }

  /** Ordinal up to which everything is durable, or rejected. */
  get durable(): number {
    return this.#get(place.durable);
  }

  /** Accepted by the writer from all handles and not yet written, as of the last call. */
  get pendingBytes(): number {
    return this.#get(place.pendingBytes);
  }

  /** The writer is below its high-water mark, as of the last call. */
  get writable(): boolean {
    return this.#get(place.writable) === 1;
  }

  /** The writer ended by itself, as of the last takeProgress. */
  get failed(): boolean {
    return this.#get(place.failed) === 1;
  }
}
