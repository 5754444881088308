// What one part of a scan takes over from another one: pure, no disk.

import { checkSynchronous, checkWord } from '../arguments';
import { TidemarkError } from '../errors';
import { eventsOf } from './exchange';
import { entryOf, type ScanEvent, type ScanValue, type TargetEntry } from './marks';
import { type MergeConflict, targetOf } from './options';

export class Merging {
  readonly #onConflict: MergeConflict;
  readonly report = {
    added: 0,
    same: 0,
    conflicts: [] as { target: string; kept: 'ours' | 'theirs' }[],
  };

  constructor(onConflict: MergeConflict) {
    this.#onConflict = onConflict;
  }

  /** The events that take over what is not known here; counts it. */
  eventsFor(value: ScanValue, target: string, theirs: TargetEntry): ScanEvent[] {
    const { report } = this;
    const onConflict = this.#onConflict;
    const ours = entryOf(value, target);
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
      else if (mine !== undefined && yours !== undefined) {
        const result = checkSynchronous('onConflict', onConflict(target, mine, yours));
        kept = checkWord('the result of onConflict', result, ['ours', 'theirs']);
      }
    }
    report.conflicts.push({ target, kept });
    return kept === 'ours' ? [] : [{ unmark: target }, ...eventsOf(target, theirs)];
  }
}

export function anotherPart(theirs: string, ours: string): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_MISMATCH',
    `the other scan is '${theirs}', and this is '${ours}': only parts of one scan go together`,
  );
}
