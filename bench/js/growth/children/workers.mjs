// Worker threads on one journal, each with its own handle and callers; records per second of all.
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Journal } from '../../../../dist/index.mjs';
import { answer, childInput } from '../../../../test/campaign/support.mjs';

const { directory, workers, callers, warmMs, measuredMs } = childInput();
const journal = await Journal.open(directory);
// One cache line each: in a common one the counting would cost more than the appending.
const lineBytes = 64;
const places = lineBytes / Int32Array.BYTES_PER_ELEMENT;
const counts = new Int32Array(new SharedArrayBuffer(workers * lineBytes));
const threads = Array.from(
  { length: workers },
  (_, index) =>
    new Worker(join(import.meta.dirname, 'worker.mjs'), {
      workerData: { directory, callers, counts, place: index * places },
    }),
);
await Promise.all(threads.map((thread) => once(thread, 'message')));

const total = () => counts.reduce((sum, _, index) => sum + Atomics.load(counts, index), 0);
await pause(warmMs);
const before = total();
const processor = process.cpuUsage();
const begin = performance.now();
await pause(measuredMs);
const records = total() - before;
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(processor);

const ended = threads.map((thread) => once(thread, 'exit'));
for (const thread of threads) thread.postMessage('stop');
await Promise.all(ended);
const { records: committed, commits } = journal.stats();
if (committed !== total()) throw new Error(`${committed} records committed of ${total()}`);
await journal.close();
answer({
  perSecond: records / seconds,
  cpuMicros: (user + system) / records,
  recordsPerCommit: committed / commits,
});
