// Appends `records` small records, each 16 bytes with its seq in front, and closes cleanly.
import { Journal } from '../../../dist/index.mjs';
import { answer, childInput } from '../support.mjs';

const BATCH = 10_000;
const RECORD_BYTES = 16;

const { directory, records } = childInput();
const begin = performance.now();
const journal = await Journal.open(directory, { codec: 'binary' });
for (let first = 1; first <= records; first += BATCH) {
  const batch = [];
  for (let seq = first; seq < first + BATCH && seq <= records; seq += 1) {
    const bytes = Buffer.alloc(RECORD_BYTES, 0x61);
    bytes.writeUInt32LE(seq, 0);
    batch.push(bytes);
  }
  await journal.appendBatch(batch);
}
const { bytesUsed } = journal.stats();
await journal.close();
answer({ seconds: Math.round(performance.now() - begin) / 1000, bytesUsed });
