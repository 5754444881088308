// The options of a scan and what its methods give back, and the checks that several of them share.

import { checkBoolean, checkOptions, checkWellFormed, typeError } from '../arguments';
import type { Durability } from '../journal/options';
import type { TargetEntry, TargetStatus } from './marks';

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

export function checkTarget(target: unknown): string {
  if (typeof target !== 'string') throw typeError('target', 'a string', target);
  checkWellFormed('target', target);
  return target;
}

export function checkImport(options: ImportOptions | undefined): Required<ImportOptions> {
  const { lenient = false } = checkOptions<ImportOptions>('import', options, ['lenient']);
  return { lenient: checkBoolean('lenient', lenient) };
}

/** What is told of a target; undefined where only findings are known. */
export function targetOf(target: string, entry: TargetEntry): ScanTarget | undefined {
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
