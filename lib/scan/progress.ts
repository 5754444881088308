// How far a scan is and how long the rest will take. Counts and a clock of active time; no disk.

import { EventEmitter } from 'node:events';
import { checkFunction, checkInteger, checkOptions } from '../arguments';

/** Time constant of the recent rate: what happened so long ago weighs 1/e. */
const recentMs = 30_000;
const updateMs = 100;
const most = Number.MAX_SAFE_INTEGER;

/** Numbers for a person or a dashboard; plain data. */
export interface ProgressSnapshot {
  /** Null when nobody has said how many targets there are. */
  readonly total: number | null;
  readonly complete: number;
  readonly skipped: number;
  readonly failed: number;
  /** Of all targets together; never above 2^53 - 1. */
  readonly findings: number;
  /** Milliseconds in which the scan was open and not paused, of all its runs together. */
  readonly activeMs: number;
  /** Targets per second of active time since the scan began; null while it is unknown. */
  readonly rate: number | null;
  /** The same of about the last half minute; null while this run has done nothing. */
  readonly recentRate: number | null;
  /**
   * Milliseconds until all targets are done, by the recent rate where there is one; 0 when they are,
   * null when the total or the rate is unknown.
   */
  readonly eta: number | null;
}

/** Changes of counts. */
export interface ProgressChange {
  complete?: number;
  skipped?: number;
  failed?: number;
  findings?: number;
}

/** Options of {@link Progress}. */
export interface ProgressOptions {
  /** How many targets there are. Default null: unknown. */
  total?: number | null;
  /** Active time of earlier runs, in milliseconds. Default 0. */
  activeMs?: number;
  /** A clock in milliseconds; a step backwards adds nothing. Default `performance.now`. */
  now?: () => number;
}

export function checkTotal(value: unknown): number | null {
  return value === null ? null : checkInteger('total', value, 0);
}

const bounded = (count: number): number => Math.min(most, Math.max(0, count));

/**
 * Counts of targets, the active time, and what follows from them. Time in which it is paused does not
 * count, nor does time between two runs, and a wall clock that is set does not matter.
 *
 * Emits 'update' with a {@link ProgressSnapshot} after changes, at most ten times a second and always
 * for the last one. Listening keeps no process alive.
 */
export class Progress extends EventEmitter<{ update: [ProgressSnapshot] }> {
  readonly #now: () => number;
  #total: number | null;
  #complete = 0;
  #skipped = 0;
  #failed = 0;
  #findings = 0;
  /** Targets that were done elsewhere, in time that is not ours: they make no rate. */
  #untimed = 0;
  #activeMs: number; // up to #seen
  #seen: number; // the newest time that the clock has shown
  #paused = false;
  #recent = 0; // weight of what was done recently, at #recentAt
  #recentAt: number;
  readonly #begin: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options?: ProgressOptions) {
    super();
    const asked = checkOptions<ProgressOptions>('Progress', options, ['total', 'activeMs', 'now']);
    const { total = null, activeMs = 0, now = () => performance.now() } = asked;
    checkFunction('now', now);
    this.#now = now;
    this.#total = checkTotal(total);
    this.#activeMs = checkInteger('activeMs', activeMs, 0);
    this.#seen = now();
    this.#begin = this.#activeMs;
    this.#recentAt = this.#activeMs;
  }

  get total(): number | null {
    return this.#total;
  }

  /** It may grow while the scan runs. */
  set total(total: number | null) {
    this.#total = checkTotal(total);
    this.#changed();
  }

  get complete(): number {
    return this.#complete;
  }

  get skipped(): number {
    return this.#skipped;
  }

  get failed(): number {
    return this.#failed;
  }

  get findings(): number {
    return this.#findings;
  }

  /** Milliseconds in which it was not paused, in earlier runs and in this one. Never decreases. */
  get activeMs(): number {
    const now = this.#now();
    if (now > this.#seen) {
      if (!this.#paused) this.#activeMs = bounded(this.#activeMs + (now - this.#seen));
    }
    // A clock that was set back goes on from there: waiting for it to catch up could take hours.
    this.#seen = now;
    return this.#activeMs;
  }

  /** Targets that are complete, skipped or failed. */
  get processed(): number {
    return bounded(this.#complete + this.#skipped + this.#failed);
  }

  /** Targets per second of active time; null while none is done or no time has passed. */
  get rate(): number | null {
    const timed = this.processed - this.#untimed;
    const ms = this.activeMs;
    return timed > 0 && ms > 0 ? (timed / ms) * 1000 : null;
  }

  /** Targets per second in about the last half minute of this run; null while it has done none. */
  get recentRate(): number | null {
    if (this.#recent === 0) return null;
    const ms = this.activeMs;
    const ran = ms - this.#begin;
    if (ran <= 0) return null;
    // The weight of all moments of this run; with it the first seconds are no underestimate.
    const weight = recentMs * -Math.expm1(-ran / recentMs);
    return ((this.#recent * Math.exp(-(ms - this.#recentAt) / recentMs)) / weight) * 1000;
  }

  /** Milliseconds until everything is done; 0 when it is, null while that is unknown. */
  get eta(): number | null {
    if (this.#total === null) return null;
    const left = this.#total - this.processed;
    if (left <= 0) return 0;
    // After half an hour without a target the recent rate says nothing any more.
    const recent = this.recentRate;
    const rate = recent !== null && recent > 0 ? recent : this.rate;
    return rate === null ? null : Math.min(most, (left / rate) * 1000);
  }

  /** Counts what was done. Negative numbers take back. */
  add(change: ProgressChange): void {
    const { complete = 0, skipped = 0, failed = 0, findings = 0 } = change;
    this.#count(complete, skipped, failed, findings);
    const done = complete + skipped + failed;
    if (done > 0) {
      const ms = this.activeMs;
      this.#recent = this.#recent * Math.exp(-(ms - this.#recentAt) / recentMs) + done;
      this.#recentAt = ms;
    }
    this.#changed();
  }

  /** Counts what was done before this run, or (`untimed`) in time that is not counted here. */
  restore(change: ProgressChange, untimed = 0): void {
    const { complete = 0, skipped = 0, failed = 0, findings = 0 } = change;
    this.#count(complete, skipped, failed, findings);
    this.#untimed = bounded(this.#untimed + untimed);
    this.#changed();
  }

  #count(complete: number, skipped: number, failed: number, findings: number): void {
    this.#complete = bounded(this.#complete + complete);
    this.#skipped = bounded(this.#skipped + skipped);
    this.#failed = bounded(this.#failed + failed);
    this.#findings = bounded(this.#findings + findings);
  }

  /** Another run of the same scan has seen so much active time. */
  reach(activeMs: number): void {
    if (activeMs > this.activeMs) this.#activeMs = bounded(activeMs);
  }

  /** Stops the clock of active time. */
  pause(): void {
    this.activeMs; // up to now
    this.#paused = true;
  }

  /** Lets the clock go on. */
  resume(): void {
    this.activeMs;
    this.#paused = false;
  }

  /** Everything at one moment, as plain data. */
  toJSON(): ProgressSnapshot {
    return {
      total: this.#total,
      complete: this.#complete,
      skipped: this.#skipped,
      failed: this.#failed,
      findings: this.#findings,
      activeMs: this.activeMs,
      rate: this.rate,
      recentRate: this.recentRate,
      eta: this.eta,
    };
  }

  #changed(): void {
    if (this.#timer !== undefined || this.listenerCount('update') === 0) return;
    this.#timer = setTimeout(() => this.flush(), updateMs);
    this.#timer.unref();
  }

  /** Emits a pending 'update' now. */
  flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.emit('update', this.toJSON());
  }
}
