// A scan that is only looked at: beside the process that has it open, from the command line.

import { readState } from '../state/reading';
import {
  activeOf,
  applyEvent,
  countsOf,
  idOf,
  type ScanEvent,
  type ScanValue,
  totalOf,
  untimedOf,
} from './marks';
import { Progress } from './progress';

/** Name of the state behind a scan, and of its part of the directory. */
export const scanName = 'scan';

/** What `readScan` and an open scan have in common. */
export interface ScanView {
  readonly id: string | undefined;
  readonly value: ScanValue;
}

/** Of the state behind every scan. */
export const base = {
  initial: (): ScanValue => new Map(),
  name: scanName,
};

/** A scan that is only looked at: takes no lock, changes nothing. */
export async function readScan(dir: string, journalPath?: string): Promise<ScanView> {
  const { value } = await readState<ScanValue, ScanEvent>(dir, {
    ...base,
    apply: (state, event) => {
      applyEvent(state, event);
    },
    ...(journalPath !== undefined && { journalPath }),
  });
  return { id: idOf(value), value };
}

/** The progress of a scan that is only looked at: no clock runs, looking is no work. */
export function progressOf(value: ScanValue): Progress {
  const now = () => 0;
  const progress = new Progress({ total: totalOf(value), activeMs: activeOf(value), now });
  progress.restore(countsOf(value), untimedOf(value));
  return progress;
}
