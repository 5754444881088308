// A producer that never looks at `writable`: it appends until it is told BUSY, waits for `ready` as
// that error says, and goes on, for `milliseconds` or until it was told so twice. How far memory grew
// over what it was after the open.
import { Journal } from '../../../dist/index.mjs';
import { answer, childInput, memoryField } from '../support.mjs';

/** Appends between two looks at what was rejected: a rejection is known one microtask later. */
const PER_LOOK = 64;
const WARM_UP = 200;
const WARM_UP_BYTES = 8 * 1024 * 1024;
/** So many times `milliseconds` a slow machine may take. */
const PATIENCE = 20;

const { directory, form, recordBytes, maxPendingBytes, milliseconds } = childInput();
const commit = { maxBytes: 1024 * 1024 };
// Buffered: what slows the disk (strace) delays the calls of fdatasync.
const directIO = false;
const journal = await Journal.open(directory, {
  codec: 'binary',
  maxPendingBytes,
  commit,
  directIO,
});
const value = Buffer.alloc(recordBytes, 0x61);
const warmUp = Math.max(1, Math.min(WARM_UP, Math.floor(WARM_UP_BYTES / recordBytes)));
for (let n = 0; n < warmUp; n += 1) journal.write(value);
await journal.sync();
globalThis.gc();
const startBytes = memoryField('VmRSS');

const counts = { offered: 0, accepted: warmUp, busy: 0 };
let failure;
const refused = (error) => {
  if (error.code === 'ERR_TIDEMARK_BUSY') counts.busy += 1;
  else failure ??= error;
};
// One function for all of them: what a producer keeps for each append is its own affair.
const taken = (error) => {
  counts.accepted -= 1;
  refused(error);
};
const offer = {
  append() {
    counts.accepted += 1;
    journal.append(value).catch(taken);
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
/** Longer where the machine is too slow to be told BUSY in that time. */
const goesOn = () =>
  elapsed() < milliseconds || (counts.busy < 2 && elapsed() < PATIENCE * milliseconds);
let offeringMs = 0;
let offeredThen = 0;
while (goesOn() && !failure) {
  const { busy } = counts;
  const from = performance.now();
  const { offered } = counts;
  while (counts.busy === busy && goesOn()) {
    for (let n = 0; n < PER_LOOK; n += 1) offer();
    counts.offered += PER_LOOK;
    await null;
  }
  // A turn that is refused at once says nothing of how fast it could append.
  if (counts.offered > offered + PER_LOOK) {
    offeringMs += performance.now() - from;
    offeredThen += counts.offered - offered;
  }
  await journal.ready;
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
  offeredPerSecond: offeredThen / (offeringMs / 1000),
  durablePerSecond: durableInTime / seconds,
});
