// Looks at the disks that a power cut may leave: every moment of a run, many outcomes of each.

import { checkFunction, checkInteger, checkOptions } from '../arguments';
import type { NativeDisk } from '../binding';
import type { DiskSlot } from '../disk-context';
import type { DiskCall } from './calls';

/** Rounds over all moments that may bring nothing new before the search ends. */
const emptyRounds = 20;
/** Of the seeds that a round adds to. */
const seedSpan = 2 ** 32;
const defaultViolations = 10;

export type ExploreBody = (acknowledge: (value: unknown) => void) => Promise<void>;
export type ExploreJudge<Disk> = (disk: Disk, known: ExploreKnown) => Promise<void> | void;

/** What the judge is told of the moment of the cut. */
export interface ExploreKnown {
  /** What the body had acknowledged, in order. */
  readonly acknowledged: readonly unknown[];
  /** The call that the cut came in front of; undefined behind the last one. */
  readonly before: DiskCall | undefined;
}

/** Options of {@link SimulatedDisk.explore}. */
export interface ExploreOptions {
  /** How many different disks are looked at, at most; from 1. */
  states: number;
  /** Ends the search when so many violations are found. Default 10. */
  maxViolations?: number;
}

/** A disk that the judge did not accept. */
export interface Violation extends ExploreKnown {
  /** What the judge threw. */
  readonly error: unknown;
  /** Which moment it was, from 0, and what became of the pending changes: enough to find it again. */
  readonly moment: number;
  readonly keep: 'none' | 'all' | 'random';
  readonly seed: number;
}

/** What an exploration did. */
export interface ExploreReport {
  /** Moments at which the power was cut. */
  readonly moments: number;
  /** Different disks that were judged; equal ones, at which the same was acknowledged, count once. */
  readonly states: number;
  readonly violations: readonly Violation[];
}

interface Runnable {
  run<R>(body: () => Promise<R>): Promise<R>;
}

interface Context<Disk> {
  readonly seed: number;
  run(work: () => Promise<void>): Promise<void>;
  found(disk: NativeDisk, seed: number): Disk;
}

interface Moment {
  readonly number: number;
  readonly known: ExploreKnown;
}

type Outcome = Pick<Violation, 'keep' | 'seed'>;

/** Round 0 loses everything, round 1 keeps everything, each later one draws anew. */
function outcomeOf(round: number, moment: number, moments: number, seed: number): Outcome {
  if (round === 0) return { keep: 'none', seed: 0 };
  if (round === 1) return { keep: 'all', seed: 0 };
  return { keep: 'random', seed: (seed % seedSpan) + round * moments + moment };
}

async function record(
  native: NativeDisk,
  body: ExploreBody,
  run: (work: () => Promise<void>) => Promise<void>,
): Promise<Moment[]> {
  const acknowledged: { value: unknown; calls: number }[] = [];
  native.takePictures(true);
  try {
    await run(() =>
      body((value) => {
        acknowledged.push({ value, calls: native.callCount() });
      }),
    );
  } finally {
    native.takePictures(false);
  }
  return Array.from({ length: native.pictureCount() }, (_, number) => {
    const { ordinal, call } = native.pictureCall(number);
    // What was said when the call in front of the cut had been made.
    const said = acknowledged.filter(({ calls }) => calls < ordinal).map(({ value }) => value);
    return { number, known: { acknowledged: said, before: call as DiskCall | undefined } };
  });
}

export async function explore<Disk extends Runnable>(
  slot: DiskSlot,
  body: ExploreBody,
  judge: ExploreJudge<Disk>,
  options: ExploreOptions,
  context: Context<Disk>,
): Promise<ExploreReport> {
  checkFunction('body', body);
  checkFunction('judge', judge);
  const asked = checkOptions<ExploreOptions>('explore', options, ['states', 'maxViolations']);
  const { maxViolations = defaultViolations } = asked;
  const most = checkInteger('states', asked.states, 1);
  checkInteger('maxViolations', maxViolations, 1);

  const native = slot.disk;
  const moments = await record(native, body, context.run);
  const seen = new Set<string>();
  const violations: Violation[] = [];
  const look = async (moment: Moment, outcome: Outcome): Promise<void> => {
    const { disk, digest } = native.cutPicture(moment.number, outcome.keep, outcome.seed);
    const state = `${digest} ${moment.known.acknowledged.length}`;
    if (seen.has(state)) return;
    seen.add(state);
    const found = context.found(disk, outcome.seed);
    try {
      await found.run(async () => judge(found, moment.known));
    } catch (error) {
      violations.push({ ...moment.known, error, moment: moment.number, ...outcome });
    }
  };
  let empty = 0;
  for (let round = 0; empty < emptyRounds; round += 1) {
    const before = seen.size;
    for (const moment of moments) {
      if (seen.size >= most || violations.length >= maxViolations) {
        return { moments: moments.length, states: seen.size, violations };
      }
      await look(moment, outcomeOf(round, moment.number, moments.length, context.seed));
    }
    // The first two rounds repeat each other where nothing is pending.
    empty = seen.size === before && round > 1 ? empty + 1 : 0;
  }
  return { moments: moments.length, states: seen.size, violations };
}
