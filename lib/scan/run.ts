// Works off targets, several at a time. Knows of a scan only what it asks and tells it.

import { AbortError, throwIfAborted } from '../abort';
import type { Kept } from './outcome';

/** What `run` did. */
export interface ScanReport {
  /** Worked off by this run. */
  readonly complete: number;
  /** Whose worker threw, or gave what cannot be kept; they are marked, and another run tries them again. */
  readonly failed: number;
  /** Left out, because they were complete or skipped, or came twice. */
  readonly leftOut: number;
}

/** Works on one target. */
export type ScanWorker = (
  target: string,
  context: { readonly signal: AbortSignal },
) => Promise<unknown>;

export interface Marking {
  /** It needs no work any more. */
  isDone(target: string): boolean;
  /** What of a worker's result is kept; throws for one that cannot be. */
  kept(result: unknown): Kept;
  complete(target: string, kept: Kept): Promise<void>;
  failed(target: string, error: unknown): Promise<void>;
}

export type Targets = Iterable<string> | AsyncIterable<string>;

/** The next targets, for any number of takers. A taker that asks waits for those in front of it. */
class Source {
  readonly #iterator: Iterator<string> | AsyncIterator<string>;
  readonly #ending: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();
  #done = false;
  /** A target was asked for and has not come. */
  #pending = false;
  /** Lets go of it. */
  #letGo = (): void => {};

  /** @param ending Nothing is taken any more, and what was asked for is not waited for. */
  constructor(targets: Targets, ending: AbortSignal) {
    this.#iterator =
      Symbol.asyncIterator in targets
        ? targets[Symbol.asyncIterator]()
        : targets[Symbol.iterator]();
    this.#ending = ending;
    ending.addEventListener('abort', () => this.#letGo(), { once: true });
  }

  /** `accept` is asked in the order of the targets, before the next one is taken. */
  next(accept: (target: string) => boolean): Promise<string | undefined> {
    const taken = this.#last.then(() => this.#take(accept));
    this.#last = taken.catch(() => {});
    return taken;
  }

  async #take(accept: (target: string) => boolean): Promise<string | undefined> {
    while (!this.#done && !this.#ending.aborted) {
      const result = await this.#asked();
      if (result === undefined) return undefined;
      if (result.done) this.#done = true;
      else if (accept(result.value)) return result.value;
    }
    return undefined;
  }

  /** What the iterator gives next; undefined when it ends before that. */
  async #asked(): Promise<IteratorResult<string> | undefined> {
    const asked = this.#iterator.next();
    this.#pending = true;
    const given = Promise.resolve(asked).finally(() => {
      this.#pending = false;
    });
    // Not Promise.race with one promise of the whole run: that would keep a trace of every target.
    return new Promise((resolve, reject) => {
      this.#letGo = () => resolve(undefined);
      if (this.#ending.aborted) this.#letGo(); // by the iterator itself
      given.then(resolve, reject);
    });
  }

  async close(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    const returned = Promise.resolve(this.#iterator.return?.());
    // A generator returns when what was asked for has come, which may be never.
    if (this.#pending) returned.catch(() => {});
    else await returned;
  }
}

/**
 * Runs `worker` over the targets that are not done. A worker that throws, or whose result cannot be
 * kept, has its target marked as failed; an abort ends the taking, waits for the workers, and marks
 * nothing as failed that threw since.
 */
export async function runTargets(
  targets: Targets,
  worker: ScanWorker,
  marking: Marking,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): Promise<ScanReport> {
  throwIfAborted(signal);
  const report = { complete: 0, failed: 0, leftOut: 0 };
  const ending = new AbortController(); // for the workers: the user's, or that a mark was refused
  const source = new Source(targets, ending.signal);
  const abort = () => ending.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  let refusal: { error: unknown } | undefined;
  const taken = new Set<string>(); // in work, and those that failed in this run
  const accept = (target: string): boolean => {
    const wanted = !taken.has(target) && !marking.isDone(target);
    if (wanted) taken.add(target);
    else report.leftOut += 1;
    return wanted;
  };
  const work = async (target: string): Promise<void> => {
    let outcome: { kept: Kept } | { error: unknown };
    try {
      outcome = { kept: marking.kept(await worker(target, { signal: ending.signal })) };
    } catch (error) {
      outcome = { error };
    }
    if ('kept' in outcome) {
      await marking.complete(target, outcome.kept);
      report.complete += 1;
      taken.delete(target);
    } else if (!ending.signal.aborted) {
      await marking.failed(target, outcome.error);
      report.failed += 1;
    }
  };
  const lane = async (): Promise<void> => {
    try {
      while (!ending.signal.aborted) {
        const target = await source.next(accept);
        if (target === undefined) return;
        if (!ending.signal.aborted) await work(target);
      }
    } catch (error) {
      refusal ??= { error };
      ending.abort(error);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, lane));
  } finally {
    signal?.removeEventListener('abort', abort);
    await source.close();
  }
  if (refusal !== undefined) throw refusal.error;
  if (signal?.aborted) throw new AbortError(signal.reason);
  return report;
}
