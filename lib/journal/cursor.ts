// Named cursors: how far a consumer has come, kept durably beside the journal.

import { checkInteger } from '../arguments';
import type { NativeCursor, NativeJournal } from '../binding';
import { TidemarkError } from '../errors';
import { operate } from '../runtime';
import type { RecordSource } from './source';

/**
 * A named position in a journal that survives restarts. Segments with records behind it are not
 * released. Made by `journal.cursor(name)`; a name has one position, however many handles it has.
 */
export class Cursor {
  readonly name: string;
  readonly #handle: NativeJournal;
  readonly #source: RecordSource;
  #seq: number;
  #closed = false;

  /** @internal */
  constructor(handle: NativeJournal, source: RecordSource, at: NativeCursor) {
    this.#handle = handle;
    this.#source = source;
    this.name = at.name;
    this.#seq = at.seq;
  }

  /** The last seq processed, 0 for none, as this handle knows it. */
  get seq(): number {
    return this.#seq;
  }

  /** Durable records that are not processed. */
  get lag(): number {
    const from = Math.max(this.#seq, this.#source.firstSeq - 1);
    return Math.max(0, this.#source.shownSeq - from);
  }

  /**
   * Moves the cursor from `expected` to `next`. Durable when the promise resolves.
   *
   * @throws `ERR_TIDEMARK_CONFLICT` when the cursor is not at `expected`, because another handle moved
   * it; `RangeError` when `next` lies before `expected` or above `durableSeq`.
   */
  async advance(expected: number, next: number): Promise<void> {
    checkInteger('expected', expected, 0);
    checkInteger('next', next, expected);
    this.#check();
    const at = await operate<NativeCursor>((operation) =>
      this.#handle.advanceCursor(operation, this.name, expected, next),
    );
    this.#seq = at.seq;
  }

  /** Moves the cursor wherever it is, also backwards. Durable when the promise resolves. */
  async reset(to: number): Promise<void> {
    checkInteger('to', to, 0);
    this.#check();
    const at = await operate<NativeCursor>((operation) =>
      this.#handle.resetCursor(operation, this.name, to),
    );
    this.#seq = at.seq;
  }

  /** Ends this handle; the cursor itself stays (see `journal.deleteCursor`). Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  #check(): void {
    if (this.#closed) {
      throw new TidemarkError(
        'ERR_TIDEMARK_CLOSED',
        `the cursor '${this.name}' is closed: get it again with journal.cursor`,
      );
    }
    this.#source.checkOpen();
  }
}
