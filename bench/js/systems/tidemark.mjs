// tidemark itself, as built in dist/. `durability` is its own default unless another is asked for.
import { Journal } from '../../../dist/index.mjs';

export async function open(directory, { binary, durability = 'commit' }) {
  const journal = await Journal.open(directory, {
    codec: binary ? 'binary' : 'msgpack',
    durability,
  });
  return {
    append: (value) => journal.append(value),
    appendBatch: (values) => journal.appendBatch(values),
    recordBytes: () => undefined,
    stats: () => journal.stats(),
    close: () => journal.close(),
  };
}

/** The records in order. */
export async function readAll(directory) {
  const journal = await Journal.open(directory, { codec: 'binary' });
  const records = [];
  for await (const { value } of journal.read()) records.push(value);
  await journal.close();
  return records;
}
