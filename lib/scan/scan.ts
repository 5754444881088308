// A scan of many targets that goes on where it was stopped.

import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOptions,
  checkPath,
  checkSignal,
  checkWellFormed,
  checkWord,
  typeError,
  valueError,
} from '../arguments';
import { TidemarkError } from '../errors';
import { Journal } from '../journal/journal';
import { checkDurability } from '../journal/open-options';
import type { DurableState, StateRecoveryReport, StateStats } from '../state/index';
import { entryOfLine, type ImportReport, linesOf } from './exchange';
import {
  activeOf,
  entriesOf,
  type ScanEvent,
  type ScanValue,
  statusOf,
  type TargetEntry,
  type TargetStatus,
} from './marks';
import { anotherPart, Merging } from './merging';
import { openScan, type ScanChoices, settingsOf } from './opening';
import {
  type Completion,
  checkImport,
  checkTarget,
  type ImportOptions,
  type MergeConflict,
  type MergeReport,
  type ScanCounts,
  type ScanOptions,
  type ScanRunOptions,
  type ScanTarget,
  targetOf,
} from './options';
import { checkKept, errorText, type Kept, keptOf, storable } from './outcome';
import { checkTotal, type Progress } from './progress';
import { readScan, type ScanView } from './reading';
import { runTargets, type ScanReport, type ScanWorker, type Targets } from './run';
import { type RejectedLine, readCheckpoint, readLines } from './scanstate';
import { durabilityOf, type ScanSettings } from './settings';
import { batchEvents, Taking } from './taking';

const application = 'tidemark-scan';
const defaultConcurrency = 8;
const mostConcurrency = 65_536;

/**
 * Which targets are done, and how far that is. Every mark is durable when its promise resolves, however
 * often it is made it counts once, and what is known after a restart is what was known before.
 *
 * Several workers of a process may open the same scan: each knows what all of them marked.
 */
export class Scan implements AsyncDisposable {
  readonly #state: DurableState<ScanValue, ScanEvent>;
  readonly #journal: Journal<ScanEvent> | undefined;
  readonly #unmarking = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  readonly id: string;
  /** Counts, active time, rates; emits 'update' for progress bars. */
  readonly progress: Progress;
  /** What the open found and did. */
  readonly recovery: StateRecoveryReport;

  private constructor(
    id: string,
    state: DurableState<ScanValue, ScanEvent>,
    progress: Progress,
    journal: Journal<ScanEvent> | undefined,
  ) {
    this.id = id;
    this.#state = state;
    this.recovery = state.recovery;
    this.progress = progress;
    this.#journal = journal;
  }

  /**
   * Opens the scan in `dir`, or begins it.
   *
   * @throws `ERR_TIDEMARK_MISMATCH` when the directory belongs to another scan; what `DurableState.open`
   * throws.
   */
  static async open(dir: string, options: ScanOptions): Promise<Scan> {
    const directory = checkPath('dir', dir);
    const asked = checkOptions<ScanOptions>('Scan.open', options, [
      'id',
      'total',
      'adopt',
      'durability',
    ]);
    const { id, total, adopt = false, durability } = asked;
    if (typeof id !== 'string') throw typeError('id', 'a string', id);
    if (id === '') throw valueError('"id" must not be empty');
    checkWellFormed('id', id);
    if (total !== undefined) checkInteger('total', total, 0);
    checkBoolean('adopt', adopt);
    if (durability !== undefined) checkDurability(durability);
    return Scan.#open(directory, {
      id,
      total,
      adopt,
      state: durability === undefined ? {} : { durability },
    });
  }

  /**
   * Opens the scan that settings describe.
   *
   * @param settings An object, the path of a TOML file, or the text of one (which has a line break).
   * @throws `ERR_TIDEMARK_CONFIG` with `line` and `column`; what `open` throws.
   */
  static async fromSettings(settings: ScanSettings | string): Promise<Scan> {
    const checked = await settingsOf(settings);
    const directory = checkPath('checkpoint_path', checked.checkpoint_path);
    const { journal_path: journalPath } = checked;
    const durability = durabilityOf(checked);
    const journal =
      journalPath === undefined
        ? undefined
        : await Journal.open<ScanEvent>(journalPath, { application, durability });
    try {
      return await Scan.#open(directory, {
        id: checked.scan_id,
        total: checked.total_targets,
        adopt: false,
        state: {
          durability,
          checkpointDurability: checked.sync_checkpoint ? 'commit' : 'os',
          ...(journal !== undefined && { journal }),
        },
        journal,
      });
    } catch (error) {
      await journal?.close().catch(() => {});
      throw error;
    }
  }

  static async #open(directory: string, choices: ScanChoices): Promise<Scan> {
    const { state, progress } = await openScan(directory, choices);
    return new Scan(choices.id, state, progress, choices.journal);
  }

  // ---- marks

  /**
   * Marks a target as complete. Of several marks of one target the first holds; a failure gives way to
   * it. The findings are counted with the mark that holds, and the detail is that mark's.
   */
  async markComplete(target: string, data?: Completion): Promise<void> {
    const asked = checkOptions<Completion>('markComplete', data, ['findings', 'detail']);
    await this.#complete(checkTarget(target), checkKept(asked.findings, asked.detail));
  }

  #complete(target: string, { findings, detail }: Kept): Promise<void> {
    return this.#mark('complete', {
      complete: target,
      ...(findings > 0 && { findings }),
      ...(detail !== undefined && { detail: storable(detail) }),
      ...this.#moment(),
    });
  }

  /** Marks a target as one that needs no work. */
  async markSkipped(target: string, reason?: string): Promise<void> {
    if (reason !== undefined && typeof reason !== 'string') {
      throw typeError('reason', 'a string', reason);
    }
    await this.#mark('skipped', {
      skipped: checkTarget(target),
      ...(reason !== undefined && { reason: storable(reason) }),
      ...this.#moment(),
    });
  }

  /** Marks a target as failed: a run tries it again. Its error's message is kept. */
  async markFailed(target: string, error: unknown): Promise<void> {
    await this.#mark('failed', {
      failed: checkTarget(target),
      error: storable(errorText(error)),
      ...this.#moment(),
    });
  }

  /** Adds findings to a target, whatever its status. Every call counts. */
  async recordFindings(target: string, n: number): Promise<void> {
    checkInteger('n', n, 0);
    const event = { found: n, target: checkTarget(target), ...this.#moment() };
    if (n > 0) await this.#commit(event);
  }

  /** Forgets a target: its status and its findings. */
  async unmark(target: string): Promise<void> {
    const done = this.#commit({ unmark: checkTarget(target) });
    this.#unmarking.add(done);
    try {
      await done;
    } finally {
      this.#unmarking.delete(done);
    }
  }

  /** Says how many targets there are; null when that is unknown. */
  async setTotal(total: number | null): Promise<void> {
    await this.#commit({ total: checkTotal(total) });
  }

  #moment(): { at: number; ms: number } {
    return {
      at: Math.max(0, Math.floor(Date.now() / 1000)),
      ms: Math.floor(this.progress.activeMs),
    };
  }

  async #mark(status: TargetStatus, event: ScanEvent & { [key: string]: unknown }): Promise<void> {
    const present = statusOf(this.#state.value, event[status] as string);
    // It would change nothing, unless an unmark is on its way.
    const holds = present !== undefined && (present !== 'failed' || status === 'failed');
    if (holds && this.#unmarking.size === 0 && this.#closing === undefined) return;
    await this.#commit(event);
  }

  async #commit(event: ScanEvent): Promise<void> {
    if (this.#closing !== undefined) throw closedError();
    await this.#state.commit(event);
  }

  // ---- what is known

  isComplete(target: string): boolean {
    return this.status(target) === 'complete';
  }

  /** undefined: nothing is known of it. */
  status(target: string): TargetStatus | undefined {
    return statusOf(this.#state.value, target);
  }

  get counts(): ScanCounts {
    const { complete, skipped, failed, findings, total } = this.progress;
    return { complete, skipped, failed, findings, total };
  }

  /**
   * The targets that have a status, in the order of their first marks.
   *
   * @param filter A status, or what decides.
   */
  *targets(
    filter?: TargetStatus | ((target: ScanTarget) => boolean),
  ): IterableIterator<ScanTarget> {
    if (filter !== undefined && typeof filter !== 'function') {
      checkWord('filter', filter, ['complete', 'skipped', 'failed']);
    }
    for (const [target, entry] of entriesOf(this.#state.value)) {
      const found = targetOf(target, entry);
      if (found === undefined) continue;
      const wanted =
        typeof filter === 'function'
          ? filter(found)
          : filter === undefined || filter === found.status;
      if (wanted) yield found;
    }
  }

  /** Those of the targets that are neither complete nor skipped, each as it is asked for. */
  async *pending(targets: Targets): AsyncIterableIterator<string> {
    for await (const target of targets) if (!this.#isDone(target)) yield target;
  }

  #isDone(target: string): boolean {
    const status = this.status(target);
    return status === 'complete' || status === 'skipped';
  }

  // ---- work

  /**
   * Calls `worker` for every target that is neither complete nor skipped, and marks it: as complete,
   * with the `findings` and the `detail` of the result where it has them, or as failed when the worker
   * throws or these are none that `markComplete` takes.
   *
   * @throws `AbortError` when aborted, after the workers have ended; what is done stays marked. When a
   * mark is refused (a full disk), that error.
   */
  async run(targets: Targets, worker: ScanWorker, options?: ScanRunOptions): Promise<ScanReport> {
    checkFunction('worker', worker);
    if (typeof targets !== 'object' || targets === null) {
      throw typeError('targets', 'an iterable of strings', targets);
    }
    const asked = checkOptions<ScanRunOptions>('run', options, ['concurrency', 'signal']);
    const { concurrency = defaultConcurrency } = asked;
    checkInteger('concurrency', concurrency, 1, mostConcurrency);
    const signal = checkSignal(asked.signal);
    if (this.#closing !== undefined) throw closedError();
    const marking = {
      isDone: (target: string) => this.#isDone(checkTarget(target)),
      kept: keptOf,
      complete: (target: string, kept: Kept) => this.#complete(target, kept),
      failed: (target: string, error: unknown) => this.markFailed(target, error),
    };
    return runTargets(targets, worker, marking, { concurrency, signal });
  }

  /**
   * Takes over what another scan knows: one that is open, or the directory of one (which may be open
   * elsewhere). Nothing is counted twice, however often it is called; a crash in between leaves a part.
   *
   * @param onConflict Which status holds where both have one: 'ours' (default; a failure here gives way
   * all the same), 'theirs', or a function that says, at once.
   * @throws `TypeError` when that function says anything else; nothing is taken over for its target.
   * @throws `ERR_TIDEMARK_MISMATCH` when the other has another id; nothing is changed then.
   */
  async merge(other: Scan | string, onConflict: MergeConflict = 'ours'): Promise<MergeReport> {
    if (typeof onConflict !== 'function') checkWord('onConflict', onConflict, ['ours', 'theirs']);
    const theirs: ScanView =
      other instanceof Scan
        ? { id: other.id, value: new Map(other.#state.value) }
        : await readScan(checkPath('other', other));
    if (theirs.id !== undefined && theirs.id !== this.id) {
      throw anotherPart(theirs.id, this.id);
    }
    const merging = new Merging(onConflict);
    let events: ScanEvent[] = [];
    for (const [target, entry] of entriesOf(theirs.value)) {
      events.push(...merging.eventsFor(this.#state.value, target, entry));
      if (events.length < batchEvents) continue;
      await this.#state.commitBatch(events);
      events = [];
    }
    if (events.length > 0) await this.#state.commitBatch(events);
    return merging.report;
  }

  // ---- from elsewhere and to it

  /**
   * Takes over the completed targets of a checkpoint of scanstate. It can be repeated.
   *
   * @param text The JSON text of the file.
   * @throws `ERR_TIDEMARK_MISMATCH` when it is of another scan; `_CONFIG` when it is no checkpoint, or,
   * unless `lenient`, holds what is no target.
   */
  async importCheckpoint(text: string, options?: ImportOptions): Promise<ImportReport> {
    const { lenient } = checkImport(options);
    const rejected: RejectedLine[] = [];
    const onRejected = lenient ? (line: RejectedLine) => void rejected.push(line) : undefined;
    const { scan_id: id, completed_targets: targets } = readCheckpoint(text, onRejected);
    if (id !== this.id) throw anotherPart(id, this.id);
    const entry: TargetEntry = { status: 'complete', findings: 0, at: 0, text: undefined };
    const taking = this.#taking();
    for (const target of targets) await taking.take(target, entry);
    return { ...(await taking.end()), rejected };
  }

  /**
   * Takes over the entries of a journal of scanstate, or of `exportLines`. It can be repeated.
   *
   * @param source The bytes or the text of the file (a `Readable` is one), read as it comes.
   * @throws `ERR_TIDEMARK_CONFIG` with `line` for a line that is no entry, unless `lenient`; what is in
   * front of it may have been taken over.
   */
  async importLines(
    source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
    options?: ImportOptions,
  ): Promise<ImportReport> {
    const { lenient } = checkImport(options);
    const rejected: RejectedLine[] = [];
    const onRejected = lenient ? (line: RejectedLine) => void rejected.push(line) : undefined;
    const taking = this.#taking();
    for await (const { target, entry } of readLines(source, entryOfLine, onRejected)) {
      await taking.take(target, entry);
    }
    return { ...(await taking.end()), rejected };
  }

  /** Every target as a line of NDJSON, with the fields of scanstate's journal. */
  exportLines(): IterableIterator<string> {
    return linesOf(this.#state.value);
  }

  #taking(): Taking {
    return new Taking(
      () => this.#state.value,
      async (events) => {
        if (this.#closing !== undefined) throw closedError();
        if (events.length > 0) await this.#state.commitBatch(events);
      },
    );
  }

  // ---- the rest

  /** Saves a checkpoint now; they are saved by themselves, too. */
  checkpoint(): Promise<{ generation: number }> {
    return this.#state.checkpoint();
  }

  /** Counters of the state behind the scan. */
  stats(): StateStats {
    return this.#state.stats();
  }

  /** Ends this handle; every mark that was made is durable when it resolves. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const active = Math.floor(this.progress.activeMs);
    this.progress.pause();
    this.progress.flush();
    try {
      // What was worked on since the last mark is active time, too.
      if (active > activeOf(this.#state.value)) await this.#state.commit({ active });
    } finally {
      try {
        await this.#state.close();
      } finally {
        await this.#journal?.close();
      }
    }
  }
}

function closedError(): TidemarkError {
  return new TidemarkError('ERR_TIDEMARK_CLOSED', 'the scan is closed: open it again', {
    outcome: 'not-written',
  });
}
