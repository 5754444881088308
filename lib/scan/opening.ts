// Opens the state behind a scan, and refuses that of another one.

import { TidemarkError } from '../errors';
import type { Journal } from '../journal/journal';
import { DurableState, type DurableStateOptions } from '../state/index';
import { idOf, type ScanEvent, type ScanValue, totalOf } from './marks';
import type { Progress } from './progress';
import { base } from './reading';
import { checkSettings, ScanSettings } from './settings';
import { Tracking } from './tracking';

export interface ScanChoices {
  id: string;
  total: number | undefined;
  adopt: boolean;
  state: Partial<DurableStateOptions<ScanValue, ScanEvent>>;
  journal?: Journal<ScanEvent> | undefined;
}

export interface OpenedScan {
  state: DurableState<ScanValue, ScanEvent>;
  /** Follows the state. */
  progress: Progress;
}

export async function openScan(directory: string, choices: ScanChoices): Promise<OpenedScan> {
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
    return { state, progress };
  } catch (error) {
    await state.close().catch(() => {});
    throw error;
  }
}

function anotherScan(directory: string, present: string, id: string): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_MISMATCH',
    `${directory} belongs to the scan '${present}', not '${id}': use another directory, or take it ` +
      'over with adopt: true',
    { path: directory },
  );
}

/** Settings, the path of their file, or its text (which has a line break). */
export async function settingsOf(settings: ScanSettings | string): Promise<ScanSettings> {
  if (typeof settings !== 'string') return checkSettings(settings);
  return settings.includes('\n') ? ScanSettings.fromToml(settings) : ScanSettings.load(settings);
}
