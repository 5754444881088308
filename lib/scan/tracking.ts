// The progress of a scan follows its value: whatever thread made a mark, it is counted when it is applied.

import {
  activeOf,
  applyEvent,
  countsOf,
  type ScanEvent,
  type ScanValue,
  totalOf,
  untimedOf,
} from './marks';
import { Progress } from './progress';

/** Keeps a Progress up to date with the value that events are applied to. */
export class Tracking {
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
