// Marks so many targets in a Scan, opens it again, and marks some more.
import { Scan } from '../../../dist/index.mjs';
import { answer, childInput } from '../support.mjs';
import { bytesIn, measureMarks, targetOf } from './marks.mjs';

const CALLERS = 1024;

const { directory, targets, marks } = childInput();
const begun = performance.now();
let scan = await Scan.open(directory, { id: 'marks' });
let next = 0;
await Promise.all(
  Array.from({ length: CALLERS }, async () => {
    while (next < targets) await scan.markComplete(targetOf(next++));
  }),
);
await scan.close();
const fillSeconds = Math.round(performance.now() - begun) / 1000;
const opening = performance.now();
scan = await Scan.open(directory, { id: 'marks' });
const openMs = performance.now() - opening;
await scan.checkpoint(); // so that none falls due meanwhile
const measured = await measureMarks(targets, marks, (target) => scan.markComplete(target));
const residentBytes = process.memoryUsage.rss();
await scan.close();
scan = await Scan.open(directory, { id: 'marks' });
const { complete } = scan.counts;
await scan.close();
answer({
  ...measured,
  ...{ fillSeconds, residentBytes, diskBytes: bytesIn(directory), openMs, complete },
});
