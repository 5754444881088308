// On which disk the running code is: the system's, or the simulated one of tidemark/testing whose
// `run` it was called from. Nothing of this exists before that room is used.

import type { AsyncLocalStorage } from 'node:async_hooks';
import type { NativeDisk } from './binding';

/** What holds the disk of a `run`; a power cut puts another one in. */
export interface DiskSlot {
  disk: NativeDisk;
}

let slots: AsyncLocalStorage<DiskSlot> | undefined;

/** To be called once, by tidemark/testing. */
export function provideSlots(storage: AsyncLocalStorage<DiskSlot>): void {
  slots = storage;
}

/** Undefined: the disk of the system. */
export function currentDisk(): NativeDisk | undefined {
  return slots?.getStore()?.disk;
}
