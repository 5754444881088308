// The events that this thread appends, from the call until they are applied here. In the order of the
// calls, which is the order of their seqs.

import type { Echo } from '../journal/writer';

export class OwnEvent implements Echo {
  /** What the log gives back of them; undefined where it has to be read. */
  values: { readonly value: unknown }[] | undefined = [];
  bytes = 0;
  count = 0;
  /** 0 until the append has resolved. */
  firstSeq = 0;
  /** The append was rejected. */
  rejected = false;
  readonly resolve: (event: OwnEvent) => void;
  readonly reject: (error: unknown) => void;

  constructor(resolve: (event: OwnEvent) => void, reject: (error: unknown) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }

  take(value: { readonly value: unknown } | undefined, bytes: number): void {
    this.count += 1;
    this.bytes += bytes;
    if (value === undefined) this.values = undefined;
    else this.values?.push(value);
  }

  get lastSeq(): number {
    return this.firstSeq + this.count - 1;
  }
}

const compactAt = 1024;

export class OwnEvents {
  #events: OwnEvent[] = [];
  #head = 0;

  get size(): number {
    return this.#events.length - this.#head;
  }

  push(event: OwnEvent): void {
    this.#events.push(event);
  }

  /** The oldest whose append was not rejected; undefined when there is none. */
  peek(): OwnEvent | undefined {
    for (;;) {
      const event = this.#events[this.#head];
      if (event === undefined || !event.rejected) return event;
      this.shift();
    }
  }

  shift(): void {
    this.#head += 1;
    if (this.#head < compactAt || this.#head * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }

  takeAll(): OwnEvent[] {
    const all = this.#events.slice(this.#head).filter(({ rejected }) => !rejected);
    this.#events = [];
    this.#head = 0;
    return all;
  }
}
