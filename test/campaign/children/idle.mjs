// Opens `journals` journals, appends one record to each, and lets them be.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Journal } from '../../../dist/index.mjs';
import { answer, childInput, descriptorCount, memoryField, threadCount } from '../support.mjs';

const AT_A_TIME = 16;
// The smallest there is: a thousand files of a mebibyte are no measurement of memory.
const segmentBytes = 65_536;

const { directory, journals: count, idleMs } = childInput();
const now = () => ({
  threads: threadCount(),
  descriptors: descriptorCount(),
  residentBytes: memoryField('VmRSS'),
});
const open = (index) => Journal.open(join(directory, `${index}`), { segmentBytes });

// The first brings what all share: the pool, the filler, a thread that serves calls.
const before = now();
const first = await open('first');
await first.append({ first: true });
await first.close();
const oneClosed = now();

const journals = [];
const begin = performance.now();
for (let index = 0; index < count; index += AT_A_TIME) {
  const some = Array.from({ length: Math.min(AT_A_TIME, count - index) }, (_, i) =>
    open(index + i),
  );
  journals.push(...(await Promise.all(some)));
}
const openSeconds = Math.round(performance.now() - begin) / 1000;
await Promise.all(journals.map((journal, index) => journal.append({ index })));
const all = now();

const sum = (name) => journals.reduce((total, journal) => total + journal.stats()[name], 0);
// Each writes one mark a few milliseconds behind its record; only then it idles.
const POLL_MS = 5;
while (journals.some((journal) => journal.stats().marks === 0)) await pause(POLL_MS);
const syncs = sum('syncs');
const bytesWritten = sum('bytesWritten');
const processor = process.cpuUsage();
const from = performance.now();
await pause(idleMs);
const { user, system } = process.cpuUsage(processor);
const idle = {
  seconds: Math.round(performance.now() - from) / 1000,
  processorPercent: Math.round((100 * (user + system)) / 10 / (performance.now() - from)) / 100,
  syncs: sum('syncs') - syncs,
  bytesWritten: sum('bytesWritten') - bytesWritten,
};

const closing = performance.now();
await Promise.all(journals.map((journal) => journal.close()));
const closeSeconds = Math.round(performance.now() - closing) / 1000;
// A thread that has ended is joined by the next one that needs it; a leaked one never goes.
const MOST_POLLS = 2000;
for (let poll = 0; poll < MOST_POLLS && threadCount() > oneClosed.threads; poll += 1) {
  await pause(POLL_MS);
}
answer({ before, oneClosed, open: all, closed: now(), idle, openSeconds, closeSeconds });
