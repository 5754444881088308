// The events that this thread committed and that are durable, until they are applied here. In the order
// of their seqs.

import type { Waiters } from '../journal/runs';

export interface OwnRun {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** What the log gives back of them; `unknownValue` where it has to be read. */
  readonly values: readonly unknown[];
  /** Encoded. */
  readonly bytes: number;
  readonly waiters: Waiters;
}

const compactAt = 1024;

export class OwnEvents {
  #runs: OwnRun[] = [];
  #head = 0;
  /** Events in it. */
  count = 0;

  push(run: OwnRun): void {
    this.#runs.push(run);
    this.count += run.values.length;
  }

  peek(): OwnRun | undefined {
    return this.#runs[this.#head];
  }

  shift(): void {
    this.count -= this.#runs[this.#head]?.values.length ?? 0;
    this.#head += 1;
    if (this.#head === this.#runs.length) {
      this.#runs = [];
      this.#head = 0;
    } else if (this.#head >= compactAt) {
      this.#runs = this.#runs.slice(this.#head);
      this.#head = 0;
    }
  }

  takeAll(): OwnRun[] {
    const all = this.#runs.slice(this.#head);
    this.#runs = [];
    this.#head = 0;
    this.count = 0;
    return all;
  }
}
