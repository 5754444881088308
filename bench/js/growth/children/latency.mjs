// How long each append takes, by callers who await their own, in segments of this size.
import { Journal } from '../../../../dist/index.mjs';
import { answer, childInput } from '../../../../test/campaign/support.mjs';
import { quantile } from '../../statistics.mjs';
import { record } from '../../workload.mjs';
import { appendRecords, timeRecords } from '../callers.mjs';

const { directory, callers, records, segmentBytes } = childInput();
const journal = await Journal.open(directory, { segmentBytes });
const append = (n) => journal.append(record(n));
await appendRecords(append, { callers, records: Math.ceil(records / 4) });
const before = journal.stats();
const taken = await timeRecords(append, { callers, records });
const after = journal.stats();
await journal.close();
answer({
  p50: quantile(taken, 0.5),
  p99: quantile(taken, 0.99),
  p999: quantile(taken, 0.999),
  max: taken.at(-1),
  commits: after.commits - before.commits,
  rotations: after.rotations - before.rotations,
});
