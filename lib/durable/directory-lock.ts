// An exclusive lock of a directory, for programs that keep files of their own in it.

import { onAbort, throwIfAborted } from '../abort';
import { checkNumber, checkOptions, checkPath, checkSignal } from '../arguments';
import type { NativeLock } from '../binding';
import { type ProcessIdentity, TidemarkError } from '../errors';
import { parseHolder } from '../failure';
import { operate, runtime } from '../runtime';

const fileMode = 0o600;
const retryMs = 20;
const mostTimeoutMs = 2 ** 31 - 1; // of setTimeout

/** Options of {@link DirectoryLock.acquire}. */
export interface DirectoryLockOptions {
  /** How long to wait for another holder, in milliseconds, 0 to 2,147,483,647. Default 0: not at all. */
  timeoutMs?: number;
  /** Ends the waiting with an `AbortError`. */
  signal?: AbortSignal;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stopListening();
      resolve();
    }, ms);
    const stopListening = onAbort(signal, (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/**
 * Holds the lock of a directory (its file `directory.lock`) until it is released or the process dies,
 * however it dies. There is one holder at a time, in this process too. It is advisory: it excludes
 * those who ask for it.
 */
export class DirectoryLock {
  readonly #lock: NativeLock;
  #released: Promise<void> | undefined;

  /** This process, as others see it while they wait. */
  readonly holder: ProcessIdentity;

  private constructor(lock: NativeLock) {
    this.#lock = lock;
    this.holder = parseHolder(lock.holder()) as ProcessIdentity;
  }

  /**
   * Takes the lock.
   *
   * @param dir An existing directory.
   * @throws `ERR_TIDEMARK_LOCKED` with `holder` when somebody else has it and `timeoutMs` is over.
   */
  static async acquire(dir: string, options?: DirectoryLockOptions): Promise<DirectoryLock> {
    const directory = checkPath('dir', dir);
    const asked = checkOptions<DirectoryLockOptions>('DirectoryLock.acquire', options, [
      'timeoutMs',
      'signal',
    ]);
    const { timeoutMs = 0 } = asked;
    checkNumber('timeoutMs', timeoutMs, 0, mostTimeoutMs);
    const signal = checkSignal(asked.signal);
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      throwIfAborted(signal);
      try {
        const lock = await operate<NativeLock>((operation) =>
          runtime().lockDirectory(operation, directory, fileMode),
        );
        return new DirectoryLock(lock);
      } catch (error) {
        const locked = error instanceof TidemarkError && error.code === 'ERR_TIDEMARK_LOCKED';
        const left = deadline - performance.now();
        if (!locked || left <= 0) throw error;
        await pause(Math.min(retryMs, left), signal);
      }
    }
  }

  /** Gives the lock back. Idempotent. */
  release(): Promise<void> {
    this.#released ??= operate<void>((operation) => this.#lock.release(operation));
    return this.#released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
