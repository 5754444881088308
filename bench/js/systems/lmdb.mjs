// lmdb-js with synchronous commits: overlappingSync off, so that the promise of a put resolves when
// its transaction is on the disk. It batches by itself, in a thread of its own. `overlappingSync: true`
// is its own default: the promise resolves when the transaction is visible.
import { open as openDatabase } from 'lmdb';
import { packOptions } from './codec.mjs';

export async function open(directory, { binary, overlappingSync = false }) {
  const database = openDatabase({
    path: directory,
    encoding: binary ? 'binary' : 'msgpack',
    // Plain maps as the others write; its default encodes with record structures.
    encoder: binary ? undefined : { ...packOptions },
    keyEncoding: 'uint32',
    overlappingSync,
    noSubdir: false,
  });
  let key = 0;
  return {
    append: (value) => database.put(++key, value),
    appendBatch: (values) =>
      database.batch(() => {
        for (const value of values) database.put(++key, value);
      }),
    recordBytes: () => database.getBinary(key)?.length,
    stats: () => undefined,
    close: () => database.close(),
  };
}

/** How many records there are. */
export async function stored(directory) {
  const database = openDatabase({ path: directory, encoding: 'binary', keyEncoding: 'uint32' });
  const { entryCount } = database.getStats();
  await database.close();
  return entryCount;
}

/** The records in order of their keys. */
export async function readAll(directory) {
  const database = openDatabase({ path: directory, encoding: 'binary', keyEncoding: 'uint32' });
  const records = [...database.getRange()].map(({ value }) => Buffer.from(value));
  await database.close();
  return records;
}
