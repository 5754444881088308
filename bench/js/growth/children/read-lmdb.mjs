// Reads objects of lmdb by getRange, from a database that it fills first where `fill` says so. As
// installed, or with the codec options of tidemark, which store plain maps.
import { mkdirSync } from 'node:fs';
import { open } from 'lmdb';
import { answer, childInput } from '../../../../test/campaign/support.mjs';
import { packOptions } from '../../systems/codec.mjs';
import { record } from '../../workload.mjs';

const BATCH = 10_000;

const { directory, records, plain, fill = false } = childInput();
mkdirSync(directory, { recursive: true });
const database = open({
  path: directory,
  keyEncoding: 'uint32',
  noSubdir: false,
  ...(plain && { encoder: { ...packOptions } }),
});

async function put() {
  for (let first = 1; first <= records; first += BATCH) {
    await database.batch(() => {
      for (let n = first; n < first + BATCH && n <= records; n += 1) database.put(n, record(n));
    });
  }
  await database.flushed;
}

/** In arrays as long as those of readBatches. */
function lap() {
  let count = 0;
  let values = [];
  for (const { value } of database.getRange()) {
    values.push(value);
    if (values.length < 4096) continue;
    count += values.length;
    values = [];
  }
  return count + values.length;
}

if (fill) {
  await put();
  answer({});
} else {
  lap();
  const processor = process.cpuUsage();
  const begin = performance.now();
  const count = lap();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(processor);
  if (count !== records) throw new Error(`read ${count} records of ${records}`);
  answer({ perSecond: count / seconds, seconds, cpuMicros: (user + system) / count });
}
await database.close();
