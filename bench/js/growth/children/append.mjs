// Appends objects by callers who each await their own; what a record costs, and the memory of the
// process after each of `steps` equal parts. Warms up on another journal, unless told not to. With
// `killed` it tells its figures with appends under way, and waits to be killed.
import { Journal } from '../../../../dist/index.mjs';
import { answer, childInput } from '../../../../test/campaign/support.mjs';
import { record } from '../../workload.mjs';
import { appendRecords, startCallers } from '../callers.mjs';

const WARM_RECORDS = 100_000;

const input = childInput();
const { directory, callers, records, segmentBytes } = input;
const { steps = 1, warm = true, killed = false } = input;

async function warmUp() {
  const other = await Journal.open(`${directory}-warm`);
  await appendRecords((n) => other.append(record(n)), { callers, records: WARM_RECORDS });
  await other.close();
}
if (warm) await warmUp();

const options = segmentBytes === undefined ? {} : { segmentBytes };
const journal = await Journal.open(directory, options);
const append = (n) => journal.append(record(n));
const step = Math.ceil(records / steps);
const taken = [];
let before = performance.now();
const progress = (done) => {
  if (done % step !== 0 && done !== records) return;
  const now = performance.now();
  const microsPerRecord = ((now - before) * 1000) / (done % step || step);
  taken.push({ done, microsPerRecord, rssBytes: process.memoryUsage.rss() });
  before = now;
};
const rssAtBegin = process.memoryUsage.rss();
const processor = process.cpuUsage();
const begin = performance.now();
await appendRecords(append, { callers, records, progress });
const milliseconds = performance.now() - begin;
const { user, system } = process.cpuUsage(processor);
const { bytesUsed, segments } = journal.stats();
const figures = {
  seconds: Math.round(milliseconds) / 1000,
  microsPerRecord: (milliseconds * 1000) / records,
  cpuMicros: (user + system) / records,
  steps: taken,
  rssAtBegin,
  maxRssBytes: process.resourceUsage().maxRSS * 1024,
  bytesUsed,
  segments,
};
if (killed) {
  startCallers(append, callers);
  await journal.append(record(0));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} else {
  await journal.close();
  answer(figures);
}
