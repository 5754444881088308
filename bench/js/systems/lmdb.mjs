// lmdb-js with synchronous commits: overlappingSync off, so that the promise of a put resolves when
// its transaction is on the disk. It batches by itself, in a thread of its own.
import { open as openDatabase } from 'lmdb';
import { packOptions } from './codec.mjs';

export async function open(directory, { binary }) {
  const database = openDatabase({
    path: directory,
    encoding: binary ? 'binary' : 'msgpack',
    // Plain maps as the others write; its default encodes with record structures.
    encoder: binary ? undefined : { ...packOptions },
    keyEncoding: 'uint32',
    overlappingSync: false,
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
