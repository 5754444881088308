// A disk in memory that loses power.

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOptions,
  rangeError,
  typeError,
  valueError,
} from '../arguments';
import type { NativeDisk } from '../binding';
import { type DiskSlot, provideSlots } from '../disk-context';
import { runtime } from '../runtime';
import type { DiskCall, DiskCallKind } from './calls';
import {
  type ExploreBody,
  type ExploreJudge,
  type ExploreOptions,
  type ExploreReport,
  explore,
} from './explore';
import { filesOf, type SimulatedFiles } from './files';

const storage = new AsyncLocalStorage<DiskSlot>();

const keeps = ['none', 'all', 'random'] as const;
const mostSeed = Number.MAX_SAFE_INTEGER;

/** Options of {@link SimulatedDisk}. */
export interface SimulatedDiskOptions {
  /** Of what is drawn: what a cut keeps, what a failed sync leaves behind. Default 1. */
  seed?: number;
  /**
   * Whether a write that is cut leaves bytes intact which it rewrites with the same value. Default
   * true. Without it a journal must be opened with `padding: 'block'`.
   */
  powersafeOverwrite?: boolean;
  /** A sync says that all is well, and makes nothing durable. Default false. */
  lyingSync?: boolean;
}

/** Options of {@link SimulatedDisk.cut}. */
export interface CutOptions {
  /**
   * What becomes of changes that no sync has covered: they are gone ('none'), there ('all'), or each
   * is gone, there, torn between sectors or garbled, as the seed says ('random', the default).
   */
  keep?: 'none' | 'all' | 'random';
}

/**
 * A disk in memory that keeps apart what is durable and what is only written, and can lose power.
 * What runs inside of `run` uses it wherever tidemark would use the disk of the system; `fs` is the
 * same disk for programs that keep files by themselves. Its root is `/`, and it begins empty.
 */
export class SimulatedDisk {
  readonly #slot: DiskSlot;
  #seed: number;

  /** The files of this disk. */
  readonly fs: SimulatedFiles;

  constructor(options?: SimulatedDiskOptions) {
    const asked = checkOptions<SimulatedDiskOptions>('SimulatedDisk', options, [
      'seed',
      'powersafeOverwrite',
      'lyingSync',
    ]);
    const { seed = 1, powersafeOverwrite = true, lyingSync = false } = asked;
    checkInteger('seed', seed, 0, mostSeed);
    checkBoolean('powersafeOverwrite', powersafeOverwrite);
    checkBoolean('lyingSync', lyingSync);
    provideSlots(storage);
    this.#seed = seed;
    this.#slot = { disk: runtime().makeDisk({ seed, powersafeOverwrite, lyingSync }) };
    this.fs = filesOf(this.#slot);
  }

  static #found(disk: NativeDisk, seed: number): SimulatedDisk {
    const found = new SimulatedDisk({ seed });
    found.#slot.disk = disk;
    return found;
  }

  /**
   * Runs `body`. Every call of tidemark in it, and in what it awaits, is made on this disk; journals
   * that are opened in it stay on it.
   */
  async run<R>(body: () => Promise<R>): Promise<R> {
    checkFunction('body', body);
    return storage.run(this.#slot, body);
  }

  /**
   * The power goes out and comes back. Whatever is open on the disk is dead: its calls fail with
   * `EIO`. What is opened from now on finds what was durable, and what `keep` says of the rest.
   */
  cut(options?: CutOptions): void {
    const { keep = 'random' } = checkOptions<CutOptions>('cut', options, ['keep']);
    if (!keeps.includes(keep)) throw valueError(`"keep" must be one of ${keeps.join(', ')}`);
    this.#slot.disk = this.#slot.disk.cut(keep, this.#seed);
    this.#seed = this.#seed === mostSeed ? 0 : this.#seed + 1;
  }

  /**
   * From now on the `nth` call of a kind fails, once; it replaces what was asked for before.
   *
   * @param nth From 1.
   * @param code As the system names it: 'EIO', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENOMEM', 'EROFS', …
   * @throws `RangeError` for a kind or a code that the disk does not know.
   */
  fail(kind: DiskCallKind, nth: number, code: string): void {
    checkInteger('nth', nth, 1);
    if (typeof kind !== 'string') throw typeError('kind', 'a string', kind);
    if (typeof code !== 'string') throw typeError('code', 'a string', code);
    if (!this.#slot.disk.fail(kind, nth, code, false)) {
      throw rangeError(`no call of the kind "${kind}", or no error with the code "${code}"`);
    }
  }

  /** Every call since the disk was made, or since the last cut, oldest first. */
  calls(): DiskCall[] {
    return this.#slot.disk.calls() as DiskCall[];
  }

  /**
   * Runs `body` once on this disk, cuts the power in front of every call that changed something, and
   * gives each disk that may be found then to `judge`, which throws when something is lost or wrong.
   *
   * @param body Does its work, and says with `acknowledge` what it has promised to somebody.
   * @param judge Is called inside of `run` of the disk that was found. `known.acknowledged` is what
   * `body` had promised before the cut.
   * @returns What was looked at, and every violation; it does not reject because of one.
   */
  async explore(
    body: ExploreBody,
    judge: ExploreJudge<SimulatedDisk>,
    options: ExploreOptions,
  ): Promise<ExploreReport> {
    return explore(this.#slot, body, judge, options, {
      seed: this.#seed,
      run: (work) => this.run(work),
      found: (disk, seed) => SimulatedDisk.#found(disk, seed),
    });
  }
}
