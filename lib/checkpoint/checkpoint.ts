// A value that is saved as a whole, atomically.

import { CheckpointCore } from './core';
import { checkSaveOptions } from './open-options';
import type {
  CheckpointGeneration,
  CheckpointOptions,
  CheckpointSaveOptions,
  LenientCheckpoint,
  LoadedCheckpoint,
  StreamedCheckpoint,
} from './options';

let coreIn: <T>(checkpoint: Checkpoint<T>) => CheckpointCore<T>;

/**
 * A value in a directory of its own. Each save is a new generation: after a crash at any moment there
 * is the old value or all of the new one. Handles of one process, in whatever thread, share the
 * directory; another process gets `ERR_TIDEMARK_LOCKED`, or reads with `readOnly`.
 */
export class Checkpoint<T = unknown> implements AsyncDisposable {
  readonly #core: CheckpointCore<T>;

  static {
    coreIn = (checkpoint) => checkpoint.#core;
  }

  private constructor(core: CheckpointCore<T>) {
    this.#core = core;
  }

  /**
   * Opens the checkpoint in `dir`, which is made, durably, unless `readOnly`. Does not throw because
   * of damage: a load does.
   *
   * @throws `ERR_TIDEMARK_LOCKED`, `_MISMATCH` (another codec), `_IO` (with `readOnly`: no directory).
   */
  static async open<T = unknown>(
    dir: string,
    options?: CheckpointOptions<T>,
  ): Promise<Checkpoint<T>> {
    return new Checkpoint<T>(await CheckpointCore.open<T>(dir, options));
  }

  /** The directory, absolute. */
  get directory(): string {
    return this.#core.directory;
  }

  /**
   * Saves the value; it is durable when the promise resolves, with the number of its generation. The
   * value is encoded before the call returns. Saves, of whatever handle and thread, are ordered by
   * their calls, and the last one wins: one that a later call overtook resolves with the generation
   * of that call. Generations older than `keep` are removed when the new one is durable.
   *
   * @param value An `AsyncIterable` of bytes (a `Readable` is one) is saved as it comes, in bounded
   * memory; the bytes are what the codec would have made of the value.
   * @throws `ERR_TIDEMARK_IO`, `_NO_SPACE` (`outcome` says whether the next open may find it; the
   * generations before it stand), `_POISONED`, `_ENCODE`, `_SCHEMA`, `_READ_ONLY`, `_CLOSED`,
   * `_VERSION` (a newer version of tidemark saved here).
   */
  async save(
    value: T | AsyncIterable<Uint8Array>,
    options?: CheckpointSaveOptions,
  ): Promise<{ generation: number }> {
    return this.#core.save(value, checkSaveOptions(options));
  }

  /**
   * The newest value; undefined when none was ever saved. Never an older one instead of one that is
   * damaged.
   *
   * @throws `ERR_TIDEMARK_CORRUPT` with `path` and `offset`, `_VERSION` (of the format, or of the
   * value), `_MISMATCH`, `_ENCODE` (the codec cannot decode it), `_SCHEMA`, `_IO`, `_CLOSED`.
   */
  async load(): Promise<LoadedCheckpoint<T> | undefined> {
    return this.#core.load();
  }

  /** As `load`, with the encoded bytes, in bounded memory. */
  async loadStream(): Promise<StreamedCheckpoint | undefined> {
    return this.#core.loadStream();
  }

  /**
   * The value of the newest generation that is not damaged, and the newer ones that are, with the
   * reason of each; undefined when none was ever saved.
   *
   * @throws `ERR_TIDEMARK_CORRUPT` when all generations are damaged; what `load` throws besides.
   */
  async loadLenient(): Promise<LenientCheckpoint<T> | undefined> {
    return this.#core.loadLenient();
  }

  /** What is there, the newest first; only the headers are read and verified. */
  async generations(): Promise<CheckpointGeneration[]> {
    return this.#core.generations();
  }

  /** Waits for the saves of this handle and gives the directory back. Idempotent. */
  close(): Promise<void> {
    return this.#core.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** For the rooms above. */
export function coreOf<T>(checkpoint: Checkpoint<T>): CheckpointCore<T> {
  return coreIn(checkpoint);
}
