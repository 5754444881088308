// A producer that never looks at `writable`: it appends until it is told BUSY, waits a turn of the
// event loop, and goes on, for `milliseconds`. How far memory grew over what it was after the open.
import { setImmediate as turn } from 'node:timers/promises';
import { Journal } from '../../../dist/index.mjs';
import { answer, childInput, memoryField } from '../support.mjs';

/** Appends between two looks at what was rejected: a rejection is known one microtask later. */
const PER_LOOK = 64;
const WARM_UP = 200;

const { directory, form, recordBytes, maxPendingBytes, milliseconds } = childInput();
const journal = await Journal.open(directory, { codec: 'binary', maxPendingBytes });
const value = Buffer.alloc(recordBytes, 0x61);
for (let n = 0; n < WARM_UP; n += 1) journal.write(value);
await journal.sync();
globalThis.gc();
const startBytes = memoryField('VmRSS');

const counts = { offered: 0, accepted: WARM_UP, busy: 0 };
let failure;
const refused = (error) => {
  if (error.code === 'ERR_TIDEMARK_BUSY') counts.busy += 1;
  else failure ??= error;
};
const offer = {
  append() {
    counts.accepted += 1;
    journal.append(value).catch((error) => {
      counts.accepted -= 1;
      refused(error);
    });
  },
  write() {
    try {
      journal.write(value);
      counts.accepted += 1;
    } catch (error) {
      refused(error);
    }
  },
}[form];

const begin = performance.now();
const elapsed = () => performance.now() - begin;
let offeringMs = 0;
while (elapsed() < milliseconds && !failure) {
  const { busy } = counts;
  const from = performance.now();
  while (counts.busy === busy && elapsed() < milliseconds) {
    for (let n = 0; n < PER_LOOK; n += 1) offer();
    counts.offered += PER_LOOK;
    await null;
  }
  offeringMs += performance.now() - from;
  await turn();
}
const durableInTime = journal.durableSeq;
const seconds = elapsed() / 1000;
await journal.close();
if (failure) throw failure;
answer({
  startBytes,
  peakBytes: memoryField('VmHWM'),
  ...counts,
  durable: journal.durableSeq,
  offeredPerSecond: counts.offered / (offeringMs / 1000),
  durablePerSecond: durableInTime / seconds,
});
