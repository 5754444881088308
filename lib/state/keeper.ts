// Saves the checkpoints of a state, and lets go of the records that no kept generation needs.
//
// One thread of the process saves by itself: the first that opened the state, and another when that one
// is gone. It holds the lock of the state's directory. Any thread saves when it is asked to: a save and
// the release behind it hold the lock of the checkpoint's directory, so that nobody releases what
// another thread's generation still needs.
//
// The order is what makes it safe (cut anywhere, nothing is lost): the records up to coveredSeq are
// durable -> the generation gets its name -> the cursor moves to the least that a kept generation
// covers -> the records up to there are released.

import { AsyncResource } from 'node:async_hooks';
import { join } from 'node:path';
import { DirectoryLock } from '../durable/directory-lock';
import { TidemarkError } from '../errors';
import type { Journal } from '../journal/journal';
import { checkpointName, cursorNameOf, epochOf, type OpenedState } from './opening';
import type { StateChoices } from './options';
import type { Replica } from './replica';
import { capture } from './value-format';

/** The longest that another thread's save is waited for. */
const waitMs = 2 ** 31 - 1;

/** What the saves of this thread were like. */
export interface CheckpointStats {
  /** Saved by this thread. */
  readonly saved: number;
  /** Automatic saves of this thread that failed; the next trigger tries again. */
  readonly failed: number;
  /** Why the last automatic save failed; undefined after one that did not. */
  readonly failure: Error | undefined;
  /** Of the last save: the longest time in which the event loop stood still to encode, in milliseconds. */
  readonly pauseMs: number;
  /** The longest of all. */
  readonly longestPauseMs: number;
  /** Of the last save: into how many pieces the encoding was cut. */
  readonly slices: number;
  /** Of the last save: bytes of the encoded value. */
  readonly bytes: number;
  /** Of the last save, from its beginning to its end, in milliseconds. */
  readonly durationMs: number;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function isLocked(error: unknown): boolean {
  return error instanceof TidemarkError && error.code === 'ERR_TIDEMARK_LOCKED';
}

export class Keeper {
  readonly #opened: OpenedState;
  readonly #choices: StateChoices;
  readonly #replica: Replica;
  // What begins by itself belongs to the code that opened the state, and so to its disk.
  readonly #scope = new AsyncResource('tidemark.DurableState');
  #role: DirectoryLock | undefined;
  #records = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<number> | undefined;
  #automatic: Promise<void> | undefined;
  #closed = false;
  #stale: boolean;
  #epoch: string | undefined;
  #coveredSeq: number;
  #generation: number;
  #stats = {
    saved: 0,
    failed: 0,
    failure: undefined as Error | undefined,
    pauseMs: 0,
    longestPauseMs: 0,
    slices: 0,
    bytes: 0,
    durationMs: 0,
  };

  private constructor(
    opened: OpenedState,
    choices: StateChoices,
    replica: Replica,
    role: DirectoryLock | undefined,
  ) {
    this.#opened = opened;
    this.#choices = choices;
    this.#replica = replica;
    this.#role = role;
    this.#stale = opened.stale;
    this.#epoch = opened.epoch;
    this.#coveredSeq = opened.coveredSeq ?? opened.writer.startSeq - 1;
    this.#generation = opened.generation;
  }

  static async begin(
    opened: OpenedState,
    choices: StateChoices,
    replica: Replica,
  ): Promise<Keeper> {
    // From here on nobody releases a record that this state still needs.
    const cursor = await opened.journal.cursor(cursorNameOf(choices));
    await cursor.close();
    const keeper = new Keeper(opened, choices, replica, await takeRole(opened.directory));
    keeper.applied(opened.recovery.replayed, 0);
    return keeper;
  }

  get coveredSeq(): number {
    return this.#coveredSeq;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Whether this thread saves by itself. */
  get automatic(): boolean {
    return this.#role !== undefined;
  }

  stats(): CheckpointStats {
    return { ...this.#stats };
  }

  /** Events were applied: perhaps it is time. */
  applied(count: number, bytes: number): void {
    this.#records += count;
    this.#bytes += bytes;
    const { everyRecords, everyBytes } = this.#choices.triggers;
    if (this.#records >= everyRecords || this.#bytes >= everyBytes) this.#begin();
    else if (count > 0) this.#startTimer();
  }

  /** Runs while there is an event that no checkpoint covers, from the first such event on. */
  #startTimer(): void {
    const { everyMs } = this.#choices.triggers;
    if (this.#timer !== undefined || this.#closed || everyMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#begin(), everyMs);
    this.#timer.unref();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #begin(): void {
    this.#stopTimer();
    if (this.#automatic !== undefined || this.#closed || this.#replica.failure !== undefined)
      return;
    this.#records = 0;
    this.#bytes = 0;
    this.#automatic = this.#scope
      .runInAsyncScope(() => this.#saveByItself())
      .finally(() => {
        this.#automatic = undefined;
        this.applied(0, 0); // what came meanwhile may be enough again
      });
  }

  async #saveByItself(): Promise<void> {
    try {
      // The thread that had the role may be gone.
      this.#role ??= await takeRole(this.#opened.directory);
      if (this.#role === undefined) return;
      await this.save();
      this.#stats.failure = undefined;
    } catch (error) {
      if (this.#closed) return;
      this.#stats.failed += 1;
      this.#stats.failure = error as Error;
    }
  }

  /** Saves the value as it is now, or later. The number of the generation that holds it. */
  save(): Promise<number> {
    // One that has begun holds the value of before.
    const before = this.#saving?.catch(() => {}) ?? Promise.resolve();
    const saving = before.then(() => this.#save());
    this.#saving = saving;
    const clear = () => {
      if (this.#saving === saving) this.#saving = undefined;
    };
    saving.then(clear, clear);
    return saving;
  }

  async #save(): Promise<number> {
    const directory = join(this.#opened.directory, checkpointName);
    const lock = await DirectoryLock.acquire(directory, { timeoutMs: waitMs });
    try {
      if (this.#replica.failure !== undefined) throw this.#replica.failure;
      if (!this.#stale && (await this.#isCovered())) return this.#generation;
      const generation = await this.#saveNow();
      await this.#release();
      return generation;
    } finally {
      await lock.release();
    }
  }

  /** Another thread may have saved what is there. */
  async #isCovered(): Promise<boolean> {
    const [newest] = await this.#opened.generations.covered();
    if (newest?.coveredSeq === undefined || newest.coveredSeq < this.#replica.seq) return false;
    this.#generation = newest.generation;
    this.#coveredSeq = newest.coveredSeq;
    return true;
  }

  async #saveNow(): Promise<number> {
    const { journal, generations } = this.#opened;
    const begun = performance.now();
    const coveredSeq = this.#replica.seq;
    const due = { records: this.#records, bytes: this.#bytes };
    this.#records = 0; // that no checkpoint covers: one on demand counts, too
    this.#bytes = 0;
    this.#stopTimer();
    const epoch = epochOf(journal.segments(), coveredSeq) ?? this.#epoch ?? journal.epoch;
    const letGo = this.#replica.hold();
    let generation: number;
    const run = { pauseMs: 0, slices: 0, bytes: 0 };
    try {
      const captured = capture(this.#replica.value, this.#choices.codec);
      run.pauseMs = performance.now() - begun;
      if (captured.independent) letGo();
      const parts = timed(captured.parts(), run);
      generation = await generations.save(
        captured.independent ? parts : eager(await collected(parts, letGo)),
        { coveredSeq, journal: { id: journal.id, epoch } },
        durable(journal, coveredSeq),
        this.#choices.unsynced,
      );
    } catch (error) {
      this.#records += due.records; // as uncovered as before
      this.#bytes += due.bytes;
      this.#startTimer();
      throw error;
    } finally {
      letGo();
    }
    this.#epoch = epoch;
    this.#coveredSeq = coveredSeq;
    this.#generation = generation;
    this.#stale = false;
    const stats = this.#stats;
    stats.saved += 1;
    Object.assign(stats, run, { durationMs: performance.now() - begun });
    stats.longestPauseMs = Math.max(stats.longestPauseMs, run.pauseMs);
    return generation;
  }

  /**
   * Lets go of the records that the kept generations cover, all of them: any one of them is to be
   * enough to open the state. Until there are as many as are to be kept, the journal holds everything.
   */
  async #release(): Promise<void> {
    if (this.#choices.unsynced) return; // a power cut may take any of them
    const { journal, generations } = this.#opened;
    const kept = await generations.covered();
    if (kept.length < this.#choices.keep) return;
    const covered = kept.map(({ coveredSeq }) => coveredSeq);
    if (!covered.every((seq) => seq !== undefined)) return; // a damaged one may need older records
    const least = Math.min(...covered);
    const cursor = await journal.cursor(cursorNameOf(this.#choices));
    if (least > cursor.seq) await cursor.advance(cursor.seq, least);
    await cursor.close();
    if (least >= journal.firstSeq) await journal.truncateBefore(least + 1);
  }

  /** Ends the automatic saves; waits for what runs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopTimer();
    await this.#automatic;
    await this.#saving?.catch(() => {});
    await this.#role?.release();
  }
}

async function takeRole(directory: string): Promise<DirectoryLock | undefined> {
  try {
    return await DirectoryLock.acquire(directory);
  } catch (error) {
    if (isLocked(error)) return undefined;
    throw error;
  }
}

/** Resolves when the record is on stable storage, and makes it so. */
async function durable(journal: Journal<unknown>, seq: number): Promise<void> {
  if (journal.durableSeq >= seq) return;
  try {
    await journal.sync();
  } catch (error) {
    if (journal.durableSeq < seq) throw error; // otherwise it is about a record behind it
  }
}

/** Encodes one part per turn of the event loop, and takes the time. */
async function* timed(
  parts: Generator<Buffer>,
  run: { pauseMs: number; slices: number; bytes: number },
): AsyncGenerator<Buffer> {
  for (;;) {
    const begin = performance.now();
    const { done, value } = parts.next();
    run.pauseMs = Math.max(run.pauseMs, performance.now() - begin);
    if (done) return;
    run.slices += 1;
    run.bytes += value.length;
    yield value;
    await nextTurn();
  }
}

/** All parts; events go on when they are encoded, before they are on the disk. */
async function collected(parts: AsyncIterable<Buffer>, letGo: () => void): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  letGo();
  return all;
}

async function* eager(parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* parts;
}
