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
} from '../arguments';
import { TidemarkError } from '../errors';
import { Journal } from '../journal/journal';
import { checkDurability } from '../journal/open-options';
import type { Durability } from '../journal/options';
import {
  DurableState,
  type DurableStateOptions,
  type StateRecoveryReport,
  type StateStats,
} from '../state/index';
import { entryOfLine, eventsFor, eventsOf, type ImportReport, linesOf } from './exchange';
import {
  activeOf,
  applyEvent,
  countsOf,
  entriesOf,
  entryOf,
  idOf,
  type ScanEvent,
  type ScanValue,
  statusOf,
  type TargetEntry,
  type TargetStatus,
  totalOf,
  untimedOf,
} from './marks';
import { checkTotal, Progress } from './progress';
import { base, readScan, type ScanView } from './reading';
import { runTargets, type ScanReport, type ScanWorker, type Targets } from './run';
import { type RejectedLine, readCheckpoint, readLines } from './scanstate';
import { checkSettings, durabilityOf, ScanSettings } from './settings';

const application = 'tidemark-scan';
const defaultConcurrency = 8;
const mostConcurrency = 65_536;
const mergeBatch = 4096;

/** Options of `Scan.open`. */
export interface ScanOptions {
  /** Which scan it is. The directory of another one is `ERR_TIDEMARK_MISMATCH`. */
  id: string;
  /** How many targets there are; may be another number than last time. Default: as it was. */
  total?: number;
  /** Take over the directory of another scan, which has this id from now on. Default false. */
  adopt?: boolean;
  /** When a mark resolves; see the journal's. Default 'commit'. */
  durability?: Durability;
}

/** Options of `importCheckpoint` and `importLines`. */
export interface ImportOptions {
  /** Leave out what is no entry, and list it in the report. Default false: that is an error. */
  lenient?: boolean;
}

/** Options of `run`. */
export interface ScanRunOptions {
  /** How many targets are worked on at the same time, 1 to 65,536. Default 8. */
  concurrency?: number;
  /** Ends the run with an `AbortError`: no more targets are taken, and the workers get the signal. */
  signal?: AbortSignal;
}

/** What may be kept with a completion. */
export interface Completion {
  /** How many things were found. Default 0. */
  findings?: number;
  /** Any text: a hash, the JSON of a result. `targets` gives it back. */
  detail?: string;
}

/** A target and what is known of it. */
export interface ScanTarget {
  readonly target: string;
  readonly status: TargetStatus;
  readonly findings: number;
  /** When it was marked; undefined when that is not known. */
  readonly at: Date | undefined;
  /** What was kept with its completion, why it was skipped, or the error it failed with. */
  readonly detail?: string;
}

/** Which of two statuses holds where a merge finds two. */
export type MergeConflict =
  | 'ours'
  | 'theirs'
  | ((target: string, ours: ScanTarget, theirs: ScanTarget) => 'ours' | 'theirs');

/** What `merge` did. */
export interface MergeReport {
  /** Targets that were taken over. */
  readonly added: number;
  /** Targets that were the same here. */
  readonly same: number;
  /** Targets with another status here, and which of the two holds now. */
  readonly conflicts: readonly { readonly target: string; readonly kept: 'ours' | 'theirs' }[];
}

/** Counts of a scan. */
export interface ScanCounts {
  readonly complete: number;
  readonly skipped: number;
  readonly failed: number;
  readonly findings: number;
  readonly total: number | null;
}

function checkTarget(target: unknown): string {
  if (typeof target !== 'string') throw typeError('target', 'a string', target);
  checkWellFormed('target', target);
  return target;
}

function errorText(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  try {
    return String(error);
  } catch {
    return 'an error that has no text';
  }
}

/** What of a worker's result is kept: its `findings` and its `detail`, where they are of their kind. */
function completionIn(result: unknown): Completion {
  if (typeof result !== 'object' || result === null) return {};
  const { findings, detail } = result as { findings?: unknown; detail?: unknown };
  return {
    ...(Number.isSafeInteger(findings) &&
      (findings as number) >= 0 && { findings: findings as number }),
    ...(typeof detail === 'string' && { detail }),
  };
}

/** The text of a lone surrogate has no UTF-8. */
function storable(text: string): string {
  return Buffer.from(text).toString();
}

function targetOf(target: string, entry: TargetEntry): ScanTarget | undefined {
  const { status, findings, at, text } = entry;
  if (status === undefined) return undefined;
  return {
    target,
    status,
    findings,
    at: at === 0 ? undefined : new Date(at * 1000),
    ...(text !== undefined && { detail: text }),
  };
}

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

  static async #open(
    directory: string,
    choices: {
      id: string;
      total: number | undefined;
      adopt: boolean;
      state: Partial<DurableStateOptions<ScanValue, ScanEvent>>;
      journal?: Journal<ScanEvent> | undefined;
    },
  ): Promise<Scan> {
    const { id, total, adopt } = choices;
    const tracking = new Tracking();
    const state = await DurableState.open<ScanValue, ScanEvent>(directory, {
      ...base,
      ...choices.state,
      apply: (value, event) => tracking.apply(value, event),
    });
    try {
      const progress = tracking.begin(state.value);
      await state.transact((value) => {
        const present = idOf(value);
        const events: ScanEvent[] = [];
        if (present !== undefined && present !== id && !adopt)
          throw anotherScan(directory, present, id);
        if (present !== id) events.push({ scan: id });
        if (total !== undefined && total !== totalOf(value)) events.push({ total });
        return events;
      });
      return new Scan(id, state, progress, choices.journal);
    } catch (error) {
      await state.close().catch(() => {});
      throw error;
    }
  }

  // ---- marks

  /**
   * Marks a target as complete. Of several marks of one target the first holds; a failure gives way to
   * it. The findings are counted with the mark that holds, and the detail is that mark's.
   */
  async markComplete(target: string, data?: Completion): Promise<void> {
    const asked = checkOptions<Completion>('markComplete', data, ['findings', 'detail']);
    const { findings = 0, detail } = asked;
    checkInteger('findings', findings, 0);
    if (detail !== undefined && typeof detail !== 'string') {
      throw typeError('detail', 'a string', detail);
    }
    await this.#mark('complete', {
      complete: checkTarget(target),
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
   * with the `findings` and the `detail` of the result where it has that number and that text, or as
   * failed when the worker throws.
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
      complete: (target: string, result: unknown) =>
        this.markComplete(target, completionIn(result)),
      failed: (target: string, error: unknown) => this.markFailed(target, error),
    };
    return runTargets(targets, worker, marking, { concurrency, signal });
  }

  /**
   * Takes over what another scan knows: one that is open, or the directory of one (which may be open
   * elsewhere). Nothing is counted twice, however often it is called; a crash in between leaves a part.
   *
   * @param onConflict Which status holds where both have one: 'ours' (default; a failure here gives way
   * all the same), 'theirs', or a function that says.
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
    const report = {
      added: 0,
      same: 0,
      conflicts: [] as { target: string; kept: 'ours' | 'theirs' }[],
    };
    let events: ScanEvent[] = [];
    for (const [target, entry] of entriesOf(theirs.value)) {
      events.push(...this.#mergeOne(target, entry, onConflict, report));
      if (events.length < mergeBatch) continue;
      await this.#state.commitBatch(events);
      events = [];
    }
    if (events.length > 0) await this.#state.commitBatch(events);
    return report;
  }

  #mergeOne(
    target: string,
    theirs: TargetEntry,
    onConflict: MergeConflict,
    report: {
      added: number;
      same: number;
      conflicts: { target: string; kept: 'ours' | 'theirs' }[];
    },
  ): ScanEvent[] {
    const ours = entryOf(this.#state.value, target);
    if (ours === undefined) {
      report.added += 1;
      return eventsOf(target, theirs);
    }
    if (ours.status === theirs.status || theirs.status === undefined) {
      report.same += 1;
      return [];
    }
    const gives = ours.status === undefined || ours.status === 'failed';
    let kept: 'ours' | 'theirs' = gives ? 'theirs' : 'ours';
    if (!gives || typeof onConflict === 'function' || onConflict === 'theirs') {
      const [mine, yours] = [targetOf(target, ours), targetOf(target, theirs)];
      if (typeof onConflict !== 'function') kept = onConflict;
      else if (mine !== undefined && yours !== undefined) kept = onConflict(target, mine, yours);
    }
    report.conflicts.push({ target, kept });
    return kept === 'ours' ? [] : [{ unmark: target }, ...eventsOf(target, theirs)];
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

  /** Commits entries in batches. Two of one target are never in the same: the second sees the first. */
  #taking() {
    const counts = { read: 0, added: 0, known: 0 };
    let events: ScanEvent[] = [];
    const targets = new Set<string>();
    const commit = async (): Promise<void> => {
      if (this.#closing !== undefined) throw closedError();
      if (events.length > 0) await this.#state.commitBatch(events);
      events = [];
      targets.clear();
    };
    return {
      take: async (target: string, entry: TargetEntry): Promise<void> => {
        if (targets.has(target) || events.length >= mergeBatch) await commit();
        const made = eventsFor(this.#state.value, target, entry);
        counts.read += 1;
        if (made.length === 0) counts.known += 1;
        else counts.added += 1;
        events.push(...made);
        targets.add(target);
      },
      end: async () => {
        await commit();
        return counts;
      },
    };
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

/** Keeps a Progress up to date with the value that events are applied to. */
class Tracking {
  #progress: Progress | undefined;
  #value: ScanValue | undefined;

  apply(value: ScanValue, event: ScanEvent): void {
    const progress = this.#progress;
    if (progress !== undefined && value !== this.#value) this.#recount(progress, value);
    const change = applyEvent(value, event);
    if (progress === undefined) return;
    if ('total' in event) progress.total = event.total;
    if ('active' in event) progress.reach(event.active);
    if ('ms' in event && event.ms !== undefined) progress.reach(event.ms);
    if (timed(event)) progress.add(change);
    else progress.restore(change, doneIn(change));
  }

  begin(value: ScanValue): Progress {
    const progress = new Progress({ total: totalOf(value), activeMs: activeOf(value) });
    progress.restore(countsOf(value), untimedOf(value));
    this.#progress = progress;
    this.#value = value;
    return progress;
  }

  /** This thread was left behind, and its copy began anew at a checkpoint. */
  #recount(progress: Progress, value: ScanValue): void {
    const counts = countsOf(value);
    progress.total = totalOf(value);
    progress.restore(
      {
        complete: counts.complete - progress.complete,
        skipped: counts.skipped - progress.skipped,
        failed: counts.failed - progress.failed,
        findings: counts.findings - progress.findings,
      },
      0,
    );
    this.#value = value;
  }
}

function timed(event: ScanEvent): boolean {
  return 'ms' in event || 'unmark' in event;
}

function doneIn({ complete = 0, skipped = 0, failed = 0 }: ReturnType<typeof applyEvent>): number {
  return Math.max(0, complete + skipped + failed);
}

async function settingsOf(settings: ScanSettings | string): Promise<ScanSettings> {
  if (typeof settings !== 'string') return checkSettings(settings);
  return settings.includes('\n') ? ScanSettings.fromToml(settings) : ScanSettings.load(settings);
}

function anotherScan(directory: string, present: string, id: string): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_MISMATCH',
    `${directory} belongs to the scan '${present}', not '${id}': use another directory, or take it ` +
      'over with adopt: true',
    { path: directory },
  );
}

function anotherPart(theirs: string, ours: string): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_MISMATCH',
    `the other scan is '${theirs}', and this is '${ours}': only parts of one scan go together`,
  );
}

function checkImport(options: ImportOptions | undefined): Required<ImportOptions> {
  const { lenient = false } = checkOptions<ImportOptions>('import', options, ['lenient']);
  return { lenient: checkBoolean('lenient', lenient) };
}

function closedError(): TidemarkError {
  return new TidemarkError('ERR_TIDEMARK_CLOSED', 'the scan is closed: open it again', {
    outcome: 'not-written',
  });
}
