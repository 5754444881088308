// tidemark itself, as built in dist/. `durability` is its own default unless another is asked for.
import { Journal, verify } from '../../../dist/index.mjs';

export async function open(directory, { binary, durability = 'commit' }) {
  const journal = await Journal.open(directory, {
    codec: binary ? 'binary' : 'msgpack',
    durability,
  });
  return {
    append: (value) => journal.append(value),
    appendBatch: (values) => journal.appendBatch(values),
    recordBytes: () => undefined,
    stats: () => {
      const { records, commits, syncs, bytesWritten, mode, crc32cKernel } = journal.stats();
      return { records, commits, syncs, bytesWritten, mode, crc32cKernel };
    },
    close: () => journal.close(),
  };
}

/** How many records there are, every checksum verified. */
export async function stored(directory) {
  const report = await verify(directory);
  if (!report.ok) throw new Error(`verify found: ${JSON.stringify(report.problems)}`);
  return report.records;
}

/** The records in order. */
export async function readAll(directory) {
  const journal = await Journal.open(directory, { codec: 'binary' });
  const records = [];
  for await (const { value } of journal.read()) records.push(value);
  await journal.close();
  return records;
}
