// Coming from scanstate and going elsewhere: what its files say as events of a scan, and a scan as the
// lines that its journal has.

import {
  entriesOf,
  entryOf,
  type ScanEvent,
  type ScanValue,
  type TargetEntry,
  type TargetStatus,
} from './marks';
import type { RejectedLine, ScanLine } from './scanstate';

/** What an import did, and what it left out. */
export interface ImportReport {
  /** Entries that were read. */
  readonly read: number;
  /** Targets that were taken over. */
  readonly added: number;
  /** Entries about targets of which the same or more is known here. */
  readonly known: number;
  /** What was left out, with `lenient`. */
  readonly rejected: readonly RejectedLine[];
}

/** The words of scanstate, and one for targets of which only findings are known. */
const statusOfWord: Readonly<Record<string, TargetStatus | 'open'>> = {
  completed: 'complete',
  complete: 'complete',
  skipped: 'skipped',
  failed: 'failed',
  open: 'open',
};
const wordOfStatus = { complete: 'completed', skipped: 'skipped', failed: 'failed' } as const;

export function entryOfLine(line: ScanLine): TargetEntry {
  const status = Object.hasOwn(statusOfWord, line.status) ? statusOfWord[line.status] : undefined;
  if (status === undefined) {
    throw new Error(`"status" is ${JSON.stringify(line.status)}, not completed, skipped or failed`);
  }
  return {
    status: status === 'open' ? undefined : status,
    findings: line.findings_count,
    at: line.timestamp,
    text: status === 'open' ? undefined : line.detail,
  };
}

/** The events that make an entry of elsewhere one of a scan in which nothing is known of the target. */
export function eventsOf(target: string, { status, findings, at, text }: TargetEntry): ScanEvent[] {
  const moment = at === 0 ? {} : { at };
  const found: ScanEvent[] = findings > 0 ? [{ found: findings, target, ...moment }] : [];
  switch (status) {
    case 'complete':
      return [
        {
          complete: target,
          ...(findings > 0 && { findings }),
          ...(text !== undefined && { detail: text }),
          ...moment,
        },
      ];
    case 'skipped':
      return [
        ...found,
        { skipped: target, ...(text !== undefined && { reason: text }), ...moment },
      ];
    case 'failed':
      return [...found, { failed: target, ...(text !== undefined && { error: text }), ...moment }];
    default:
      return found;
  }
}

/**
 * The events for an entry; none where the same or more is known, so that an import can be repeated. A
 * failure gives way to what is done, with all that was known of it.
 */
export function eventsFor(value: ScanValue, target: string, entry: TargetEntry): ScanEvent[] {
  const ours = entryOf(value, target);
  if (ours === undefined) return eventsOf(target, entry);
  const gives =
    ours.status === undefined || (ours.status === 'failed' && entry.status !== 'failed');
  if (!gives || entry.status === undefined) return [];
  return [{ unmark: target }, ...eventsOf(target, entry)];
}

/** Every target as a line of NDJSON, as scanstate's journal has them. */
export function* linesOf(value: ScanValue): Generator<string> {
  for (const [target, { status, findings, at, text }] of entriesOf(value)) {
    const line: ScanLine = {
      target_id: target,
      status: status === undefined ? 'open' : wordOfStatus[status],
      timestamp: at,
      findings_count: findings,
      ...(text !== undefined && { detail: text }),
    };
    yield `${JSON.stringify(line)}\n`;
  }
}
