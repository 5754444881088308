// When what is staged goes to the writer before the turn of the event loop ends.

/**
 * Callers that go round together are handed over in parts: the disk works for the first ones while the
 * rest is encoded. 1,024 callers who each await their own append got 1.6 times as far with parts of 256
 * records as with one hand-over a turn. Fewer records cost more commits than they gain; so do 256 where
 * there are many: 16,384 callers got 1.3 times as far with eight parts.
 */
const leastRecords = 256;
const leastBytes = 64 * 1024;
const mostBytes = 512 * 1024;
const parts = 8;
/**
 * Where nothing is with the disk, the first half of the callers that go round together is handed over
 * without waiting for the second: from then on the disk works for the one while the other is encoded.
 * 128 callers got twice as far, 64 1.3 times. Halves of fewer records cost more commits than they gain.
 */
const leastHalf = 16;

export class HandOverPolicy {
  #together = 0;
  #records = leastRecords;
  #bytes = leastBytes;

  /** @param waiting Appends whose promises are not settled. */
  endOfTurn(waiting: number): void {
    this.#together = waiting;
    this.#records = Math.max(leastRecords, Math.ceil(waiting / parts));
    this.#bytes = Math.min((this.#records / leastRecords) * leastBytes, mostBytes);
  }

  /** @param waiting As for `endOfTurn`, what is staged included. */
  isNow({ count, used }: { count: number; used: number }, waiting: number): boolean {
    if (count >= this.#records || used >= this.#bytes) return true;
    const isNoneWithTheDisk = waiting === count;
    return isNoneWithTheDisk && count >= leastHalf && 2 * count >= this.#together;
  }
}
