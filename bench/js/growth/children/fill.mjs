// Makes a journal, or goes on with it, by batches: of objects, or of `bytes` bytes each. Closes cleanly.
import { Journal } from '../../../../dist/index.mjs';
import { answer, childInput } from '../../../../test/campaign/support.mjs';
import { record } from '../../workload.mjs';

const { directory, records, bytes, batch = 1000, segmentBytes } = childInput();
const template = Buffer.alloc(bytes ?? 0, 0x61);
const numbered = (n) => {
  const value = Buffer.from(template);
  value.writeUInt32LE(n, 0);
  return value;
};
const make = bytes === undefined ? record : numbered;

const journal = await Journal.open(directory, {
  codec: bytes === undefined ? 'msgpack' : 'binary',
  ...(segmentBytes !== undefined && { segmentBytes }),
});
const begin = performance.now();
for (let first = 1; first <= records; first += batch) {
  const length = Math.min(batch, records - first + 1);
  await journal.appendBatch(Array.from({ length }, (_, index) => make(first + index)));
}
const seconds = Math.round(performance.now() - begin) / 1000;
const { bytesUsed, segments } = journal.stats();
await journal.close();
answer({ seconds, bytesUsed, segments });
