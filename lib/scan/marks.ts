// The events of a scan and what they do to its value: pure functions, no disk, no clock. A mark is
// idempotent by its target: the first one in the order of seqs wins, however many callers made it.

import type { ProgressChange } from './progress';

/** What a target can be. */
export type TargetStatus = 'complete' | 'skipped' | 'failed';

/** When an event was made: seconds since 1970, and milliseconds of the scan's active time. */
interface Moment {
  readonly at?: number;
  /** Absent for what was done elsewhere (imported, merged). */
  readonly ms?: number;
}

/**
 * The records of a scan's journal. The first key says what happened, so that they read like sentences
 * in `tidemark cat`.
 */
export type ScanEvent =
  | { readonly scan: string }
  | { readonly total: number | null }
  | ({ readonly complete: string; readonly findings?: number; readonly detail?: string } & Moment)
  | ({ readonly skipped: string; readonly reason?: string } & Moment)
  | ({ readonly failed: string; readonly error?: string } & Moment)
  | ({ readonly found: number; readonly target: string } & Moment)
  | { readonly unmark: string }
  | { readonly active: number };

/** What is known of one target. */
export interface TargetEntry {
  /** Undefined where only findings are known. */
  readonly status: TargetStatus | undefined;
  readonly findings: number;
  /** Seconds since 1970; 0 when unknown. */
  readonly at: number;
  /** What was kept with a completion, the reason of a skip, the error of a failure. */
  readonly text: string | undefined;
}

/** Names of what the value holds beside the targets, which are its strings. */
export const idKey = 0;
export const totalKey = 1;
export const activeKey = 2;
export const untimedKey = 3;

/**
 * The value of a scan: one Map of primitive values only, so that a checkpoint is encoded in slices
 * while marks go on, and a million targets are small. Numbers as keys are the few facts of the scan,
 * strings are targets.
 */
export type ScanValue = Map<string | number, string | number | null>;

// A complete target without text is one number, time and findings; anything else is JSON.
const findingsSpan = 2 ** 20;
const timeSpan = 2 ** 33;
const most = Number.MAX_SAFE_INTEGER;

export function packEntry(entry: TargetEntry): string | number {
  const { status, findings, at, text } = entry;
  if (status === 'complete' && text === undefined && findings < findingsSpan && at < timeSpan) {
    return at * findingsSpan + findings;
  }
  return JSON.stringify([status ?? '', findings, at, ...(text === undefined ? [] : [text])]);
}

export function unpackEntry(packed: string | number): TargetEntry {
  if (typeof packed === 'number') {
    const findings = packed % findingsSpan;
    const at = (packed - findings) / findingsSpan;
    return { status: 'complete', findings, at, text: undefined };
  }
  const [status, findings, at, text] = JSON.parse(packed) as [string, number, number, string?];
  return { status: status === '' ? undefined : (status as TargetStatus), findings, at, text };
}

export function entryOf(value: ScanValue, target: string): TargetEntry | undefined {
  const packed = value.get(target);
  return packed === undefined || packed === null ? undefined : unpackEntry(packed);
}

export function statusOf(value: ScanValue, target: string): TargetStatus | undefined {
  const packed = value.get(target);
  if (packed === undefined || packed === null) return undefined;
  return typeof packed === 'number' ? 'complete' : unpackEntry(packed).status;
}

export function idOf(value: ScanValue): string | undefined {
  return value.get(idKey) as string | undefined;
}

export function totalOf(value: ScanValue): number | null {
  return (value.get(totalKey) ?? null) as number | null;
}

export function activeOf(value: ScanValue): number {
  return (value.get(activeKey) ?? 0) as number;
}

export function untimedOf(value: ScanValue): number {
  return (value.get(untimedKey) ?? 0) as number;
}

/** The targets and what is known of them, in the order in which they were first marked. */
export function* entriesOf(value: ScanValue): Generator<[string, TargetEntry]> {
  for (const [target, packed] of value) {
    if (typeof target === 'string' && packed !== null) yield [target, unpackEntry(packed)];
  }
}

export const addFindings = (a: number, b: number): number => Math.min(most, a + b);

/** The counts of a whole value; `apply` keeps them up to date. */
export function countsOf(value: ScanValue): Required<ProgressChange> {
  const counts = { complete: 0, skipped: 0, failed: 0, findings: 0 };
  for (const [, { status, findings }] of entriesOf(value)) {
    if (status !== undefined) counts[status] += 1;
    counts.findings = addFindings(counts.findings, findings);
  }
  return counts;
}

const nothing: ProgressChange = Object.freeze({});

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A record that this version of tidemark does not know; nothing was changed. */
function unknownEvent(event: unknown): Error {
  const keys = typeof event === 'object' && event !== null ? Object.keys(event).join(', ') : '';
  return new Error(`the record is no event of a scan that this version knows (${keys})`);
}

function optional<T>(value: T | undefined, fits: (value: unknown) => value is T, event: unknown) {
  if (value !== undefined && !fits(value)) throw unknownEvent(event);
  return value;
}

/** What wins over a target's present status: nothing, but a retry that ended over a failure. */
function gives(present: TargetStatus | undefined, next: TargetStatus): boolean {
  return present === undefined || (present === 'failed' && next !== 'failed');
}

function mark(
  value: ScanValue,
  target: string,
  status: TargetStatus,
  found: number,
  text: string | undefined,
  moment: Moment,
): ProgressChange {
  const before = entryOf(value, target);
  if (!gives(before?.status, status)) return nothing;
  const findings = addFindings(before?.findings ?? 0, found);
  value.set(target, packEntry({ status, findings, at: moment.at ?? 0, text }));
  if (moment.ms === undefined) value.set(untimedKey, untimedOf(value) + 1);
  const change: ProgressChange = { findings: findings - (before?.findings ?? 0) };
  if (before?.status !== undefined) change[before.status] = -1;
  change[status] = 1;
  return change;
}

function unmark(value: ScanValue, target: string): ProgressChange {
  const before = entryOf(value, target);
  if (before === undefined) return nothing;
  value.delete(target);
  const change: ProgressChange = { findings: -before.findings };
  if (before.status !== undefined) change[before.status] = -1;
  return change;
}

function recordFindings(
  value: ScanValue,
  target: string,
  found: number,
  at: number,
): ProgressChange {
  if (found === 0) return nothing;
  const before = entryOf(value, target) ?? { status: undefined, findings: 0, at, text: undefined };
  const findings = addFindings(before.findings, found);
  value.set(target, packEntry({ ...before, findings }));
  return { findings: findings - before.findings };
}

function reach(value: ScanValue, ms: unknown): void {
  if (isCount(ms) && ms > activeOf(value)) value.set(activeKey, ms);
}

/**
 * Applies one event, and says how the counts change by it.
 *
 * @throws For what is no event of a scan; the value is unchanged then.
 */
export function applyEvent(value: ScanValue, event: ScanEvent): ProgressChange {
  if (typeof event !== 'object' || event === null) throw unknownEvent(event);
  const { at, ms } = event as Moment;
  optional(at, isCount, event);
  optional(ms, isCount, event);
  let change = nothing;
  if ('complete' in event && isText(event.complete)) {
    const found = optional(event.findings, isCount, event) ?? 0;
    const detail = optional(event.detail, isText, event);
    change = mark(value, event.complete, 'complete', found, detail, event);
  } else if ('skipped' in event && isText(event.skipped)) {
    const reason = optional(event.reason, isText, event);
    change = mark(value, event.skipped, 'skipped', 0, reason, event);
  } else if ('failed' in event && isText(event.failed)) {
    const error = optional(event.error, isText, event);
    change = mark(value, event.failed, 'failed', 0, error, event);
  } else if ('found' in event && isCount(event.found) && isText(event.target)) {
    change = recordFindings(value, event.target, event.found, at ?? 0);
  } else if ('unmark' in event && isText(event.unmark)) {
    change = unmark(value, event.unmark);
  } else if ('scan' in event && isText(event.scan)) {
    value.set(idKey, event.scan);
  } else if ('total' in event && (event.total === null || isCount(event.total))) {
    value.set(totalKey, event.total);
  } else if ('active' in event && isCount(event.active)) {
    reach(value, event.active);
  } else {
    throw unknownEvent(event);
  }
  reach(value, ms);
  return change;
}
