// tidemark itself, as built in dist/.
import { Journal } from '../../../dist/index.mjs';

export async function open(directory, { binary }) {
  const journal = await Journal.open(directory, { codec: binary ? 'binary' : 'msgpack' });
  return {
    append: (value) => journal.append(value),
    appendBatch: (values) => journal.appendBatch(values),
    recordBytes: () => undefined,
    stats: () => journal.stats(),
    close: () => journal.close(),
  };
}
