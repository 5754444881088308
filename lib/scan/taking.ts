// Takes over entries of elsewhere in batches. Two of one target are never in the same: the second sees
// what the first did.

import { eventsFor } from './exchange';
import type { ScanEvent, ScanValue, TargetEntry } from './marks';

/** Events that are committed together. */
export const batchEvents = 4096;

export class Taking {
  readonly #value: () => ScanValue;
  readonly #commitBatch: (events: readonly ScanEvent[]) => Promise<void>;
  readonly #counts = { read: 0, added: 0, known: 0 };
  readonly #targets = new Set<string>();
  #events: ScanEvent[] = [];

  /** @param value The value as it is then. */
  constructor(
    value: () => ScanValue,
    commitBatch: (events: readonly ScanEvent[]) => Promise<void>,
  ) {
    this.#value = value;
    this.#commitBatch = commitBatch;
  }

  async take(target: string, entry: TargetEntry): Promise<void> {
    if (this.#targets.has(target) || this.#events.length >= batchEvents) await this.#commit();
    const made = eventsFor(this.#value(), target, entry);
    this.#counts.read += 1;
    if (made.length === 0) this.#counts.known += 1;
    else this.#counts.added += 1;
    this.#events.push(...made);
    this.#targets.add(target);
  }

  /** Commits the rest. */
  async end(): Promise<{ read: number; added: number; known: number }> {
    await this.#commit();
    return this.#counts;
  }

  async #commit(): Promise<void> {
    await this.#commitBatch(this.#events);
    this.#events = [];
    this.#targets.clear();
  }
}
