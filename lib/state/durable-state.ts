// A value that is a journal of events and checkpoints of what they made.

import { checkFunction, checkPath, checkSynchronous, typeError } from '../arguments';
import { refusePromise } from '../codec/encode-error';
import { noPlainCopy, type PlainCodec, plainCopy } from '../codec/plain-copy';
import { validate } from '../codec/schema';
import { TidemarkError } from '../errors';
import { batchValues } from '../journal/batch-values';
import { CapturedRecord } from '../journal/record-encoder';
import { type CheckpointStats, Keeper } from './keeper';
import { type OpenedState, openState, stateIn } from './opening';
import {
  checkStateOptions,
  type DurableStateOptions,
  type StateChoices,
  type StateRecoveryReport,
} from './options';
import { Replica } from './replica';
import { Turns } from './turns';

/** Seqs of events that were committed together. */
export interface CommittedRange {
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** Counters of a state, of this thread. */
export interface StateStats {
  /** The last event that is applied here. */
  readonly seq: number;
  /** Events of this thread that are not durable and applied yet. */
  readonly pending: number;
  /** The newest generation that this thread loaded or saved; 0 for none. */
  readonly generation: number;
  /** What it covers. */
  readonly coveredSeq: number;
  /** Whether checkpoints are saved by this thread when they are due. */
  readonly savesCheckpoints: boolean;
  readonly checkpoints: CheckpointStats;
}

/**
 * A value in memory that survives: every event is in a journal before it is applied, and checkpoints of
 * the value spare a restart most of the events. After a restart the value is the newest checkpoint and
 * the events behind it, each applied exactly once.
 *
 * Several workers of a process may open the same state: each has a copy of its own, and applies the
 * events of all of them in the order of their seqs.
 */
export class DurableState<S, E> implements AsyncDisposable {
  readonly #opened: OpenedState;
  readonly #choices: StateChoices;
  readonly #replica: Replica;
  readonly #keeper: Keeper;
  readonly #plain: PlainCodec | undefined;
  readonly #turns = new Turns();
  #closing: Promise<void> | undefined;

  /** What the open found and did. */
  readonly recovery: StateRecoveryReport;

  private constructor(
    opened: OpenedState,
    choices: StateChoices,
    replica: Replica,
    keeper: Keeper,
  ) {
    this.#opened = opened;
    this.#choices = choices;
    this.#replica = replica;
    this.#keeper = keeper;
    this.#plain = opened.writer.plainCodec;
    this.recovery = opened.recovery;
  }

  /**
   * Opens the state in `dir`, or makes it. When it resolves, the value is that of all durable events.
   *
   * @throws `ERR_TIDEMARK_CORRUPT` (all generations damaged, records missing, the journal ends before
   * the checkpoint or begins behind it), `_MISMATCH` (checkpoint and journal are of different
   * histories, another codec), `_APPLY` with `seq`, `_VERSION`, `_LOCKED`, and what `Journal.open` and
   * `Checkpoint.open` throw. Nothing is changed by an open that refuses.
   */
  static async open<S, E>(
    dir: string,
    options: DurableStateOptions<S, E>,
  ): Promise<DurableState<S, E>> {
    const directory = checkPath('dir', dir);
    const choices = checkStateOptions(options);
    const opened = await openState(directory, choices);
    let keeper: Keeper | undefined;
    const replica = new Replica(opened.writer, opened.value, opened.seq, {
      apply: choices.apply,
      onApplied: (count, bytes) => keeper?.applied(count, bytes),
      reload: async () => {
        const found = await opened.generations.newest();
        if (found === undefined) return { value: undefined, seq: 0 };
        return { value: stateIn(found, choices, opened.directory), seq: found.coveredSeq };
      },
    });
    try {
      keeper = await Keeper.begin(opened, choices, replica);
    } catch (error) {
      replica.fail(error as Error);
      await closeFiles(opened).catch(() => {});
      throw error;
    }
    const state = new DurableState<S, E>(opened, choices, replica, keeper);
    // Waits of this copy end with the journal.
    opened.journal.closed.then(
      () => replica.ended(state.#closedError()),
      (error: Error) => replica.ended(error),
    );
    return state;
  }

  /** The value; to be changed by events only. */
  get value(): S {
    return this.#replica.value as S;
  }

  /** The last event that `value` reflects. */
  get seq(): number {
    return this.#replica.seq;
  }

  /**
   * Commits an event.
   *
   * @returns Its seq, when it is durable and applied to this thread's `value`.
   * @throws What `check` throws, and like `Journal.append`, with nothing written;
   * `ERR_TIDEMARK_APPLY` when the event is durable and `apply` threw: the state ends there.
   */
  commit(event: E): Promise<number> {
    try {
      this.#checkOpen();
      return this.#commit(event);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #commit(event: E): Promise<number> {
    const stored = this.#stored(event);
    const copy = this.#plain === undefined ? noPlainCopy : plainCopy(stored, this.#plain);
    if (copy !== noPlainCopy) return this.#appendInTurn(copy);
    if (this.#choices.check === undefined && !this.#turns.busy) {
      return this.#append(stored, true);
    }
    return this.#appendInTurn(this.#opened.writer.capture(stored));
  }

  #appendInTurn(record: unknown): Promise<number> {
    if (!this.#turns.busy) return this.#appendChecked(record);
    return this.#turns.behind(() => this.#appendChecked(record));
  }

  #appendChecked(record: unknown): Promise<number> {
    this.#checkGoing();
    this.#check(record);
    return this.#append(record, false);
  }

  #append(event: unknown, again: boolean): Promise<number> {
    const { durability } = this.#choices;
    const committed = this.#opened.writer.appendGated(event, durability, this.#replica, again);
    this.#replica.began(1);
    return committed;
  }

  /** What is to be stored of an event. */
  #stored(event: unknown): unknown {
    const { schema } = this.#choices;
    if (schema === undefined) return event; // refused where it is encoded
    refusePromise(event);
    return validate(schema, event);
  }

  /**
   * The event as it is now, and as the journal will give it back, whatever the caller does with it
   * meanwhile: a copy, or its record where that takes encoding it.
   */
  #captured(event: unknown): unknown {
    const copy = this.#plain === undefined ? noPlainCopy : plainCopy(event, this.#plain);
    return copy === noPlainCopy ? this.#opened.writer.capture(event) : copy;
  }

  #check(record: unknown): void {
    const { check } = this.#choices;
    if (check === undefined) return;
    const event = CapturedRecord.is(record) ? record.value : record;
    checkSynchronous('check', check(this.#replica.value, event) as unknown);
  }

  /**
   * Commits events together: all or none of them survive. `check` sees the state before the first one.
   *
   * @throws Like `commit`; `RangeError` for an empty array.
   */
  async commitBatch(events: readonly E[]): Promise<CommittedRange> {
    this.#checkOpen();
    const atOnce = !this.#turns.busy;
    const records = this.#records(events, atOnce);
    if (atOnce) return this.#appendBatch(records, undefined);
    return this.#turns.behind(() => {
      this.#checkGoing();
      return this.#appendBatch(records, undefined);
    });
  }

  /**
   * Decides on the latest state: no event of any thread comes between what `decide` sees and what it
   * decides, and everything that this thread called before is in what it sees. Decisions of this
   * thread are made one at a time, and what it calls meanwhile waits, in the order of the calls.
   *
   * @param decide Gives the events to commit, together; none to leave it. Called again when another
   * thread was faster.
   * @returns undefined when there was nothing to commit.
   * @throws Like `commitBatch`; what `decide` throws.
   */
  transact(decide: (state: S) => readonly E[]): Promise<CommittedRange | undefined> {
    try {
      checkFunction('decide', decide);
      this.#checkOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#turns.alone(() => this.#decide(decide));
  }

  async #decide(decide: (state: S) => readonly E[]): Promise<CommittedRange | undefined> {
    const { writer } = this.#opened;
    for (;;) {
      await this.#replica.caughtUp();
      const last = this.#replica.seq;
      if (writer.lastSeq !== last) continue;
      const events: unknown = checkSynchronous('decide', decide(this.#replica.value as S));
      if (!Array.isArray(events)) throw typeError('the result of decide', 'an array', events);
      if (events.length === 0) return undefined;
      try {
        return await this.#appendBatch(this.#records(events as readonly E[], true), last);
      } catch (error) {
        const conflict = error instanceof TidemarkError && error.code === 'ERR_TIDEMARK_CONFLICT';
        if (!conflict) throw error;
      }
    }
  }

  /** The events of a batch as they are now; themselves where they are appended at once, unseen. */
  #records(events: readonly E[], atOnce: boolean): unknown[] {
    if (!Array.isArray(events)) throw typeError('events', 'an array', events);
    const unseen = atOnce && this.#choices.check === undefined;
    return batchValues(events).map((event) => {
      const stored = this.#stored(event);
      return unseen ? stored : this.#captured(stored);
    });
  }

  #appendBatch(
    records: readonly unknown[],
    ifLastSeq: number | undefined,
  ): Promise<CommittedRange> {
    const { writer } = this.#opened;
    const { durability } = this.#choices;
    for (const record of records) this.#check(record);
    this.#replica.began(records.length);
    try {
      return writer.appendBatch(records, durability, ifLastSeq, this.#replica);
    } catch (error) {
      this.#replica.rejected(records.length); // nothing was handed over
      throw error;
    }
  }

  /**
   * Saves a checkpoint of the value as it is now, and releases the records that no kept generation
   * needs. Where nothing happened since the newest one, that is given.
   *
   * @throws Like `Checkpoint.save`; the state goes on.
   */
  async checkpoint(): Promise<{ generation: number }> {
    this.#checkOpen();
    return { generation: await this.#keeper.save() };
  }

  /** Counters. */
  stats(): StateStats {
    const keeper = this.#keeper;
    return {
      seq: this.seq,
      pending: this.#replica.pending,
      generation: keeper.generation,
      coveredSeq: keeper.coveredSeq,
      savesCheckpoints: keeper.automatic,
      checkpoints: keeper.stats(),
    };
  }

  /**
   * Ends this handle: everything that was committed before is durable and applied when it resolves. A
   * journal that was given to `open` stays open. Idempotent.
   *
   * @throws When an accepted event did not become durable.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#turns.idle;
    try {
      if (this.#replica.failure === undefined) await this.#replica.drained();
    } finally {
      await this.#keeper.close();
      this.#replica.fail(this.#closedError());
      await closeFiles(this.#opened);
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw this.#closedError();
    this.#checkGoing();
  }

  #checkGoing(): void {
    if (this.#replica.failure !== undefined) throw this.#replica.failure;
  }

  #closedError(): TidemarkError {
    return new TidemarkError('ERR_TIDEMARK_CLOSED', 'the state is closed: open it again', {
      path: this.#opened.directory,
      outcome: 'not-written',
    });
  }
}

async function closeFiles({ generations, journal, ownsJournal }: OpenedState): Promise<void> {
  try {
    await generations.close();
  } finally {
    if (ownsJournal) await journal.close();
  }
}
