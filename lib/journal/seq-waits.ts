// Promises that wait for the highest shown seq to reach a number: waitFor, sync and followers.

import { onAbort } from '../abort';
import { hold, release } from '../runtime';

interface Wait {
  reached(): boolean;
  settle(error: Error | undefined): void;
}

export class SeqWaits {
  readonly #waits = new Set<Wait>();
  readonly #observers = new Set<() => void>();
  readonly #watch: (on: boolean) => void;

  /** `watch` asks for a notice of every advance while somebody waits. */
  constructor(watch: (on: boolean) => void) {
    this.#watch = watch;
  }

  /** Resolves when `reached` is true, looked at now and after every notice. Holds the event loop. */
  until(reached: () => boolean, signal?: AbortSignal): Promise<void> {
    if (signal === undefined && reached()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let stopListening = () => {};
      const wait: Wait = {
        reached,
        settle: (error) => {
          if (!this.#waits.delete(wait)) return;
          stopListening();
          release();
          if (this.#waits.size + this.#observers.size === 0) this.#watch(false);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      this.#waits.add(wait);
      hold();
      if (this.#waits.size + this.#observers.size === 1) this.#watch(true);
      stopListening = onAbort(signal, wait.settle);
      // Once more behind the beginning of the watch: nothing can fall between the two.
      if (reached()) wait.settle(undefined);
    });
  }

  /** Calls back after every notice until the result is called. Keeps no event loop alive. */
  observe(observer: () => void): () => void {
    this.#observers.add(observer);
    if (this.#waits.size + this.#observers.size === 1) this.#watch(true);
    return () => {
      if (!this.#observers.delete(observer)) return;
      if (this.#waits.size + this.#observers.size === 0) this.#watch(false);
    };
  }

  look(): void {
    for (const wait of this.#waits) if (wait.reached()) wait.settle(undefined);
    for (const observer of this.#observers) observer();
  }

  rejectAll(error: Error): void {
    for (const wait of this.#waits) wait.settle(error);
  }
}
