// classic-level (LevelDB), every put with `sync: true`. LevelDB groups what comes while a write is with
// the disk.
import { ClassicLevel } from 'classic-level';
import { encoder } from './codec.mjs';

const KEY_DIGITS = 12; // keys sort as text

export async function open(directory, { binary, sync = true }) {
  const encode = encoder(binary);
  const database = new ClassicLevel(directory, { valueEncoding: 'buffer' });
  await database.open();
  let key = 0;
  let recordBytes;
  const nextKey = () => {
    key += 1;
    return String(key).padStart(KEY_DIGITS, '0');
  };
  const encoded = (value) => {
    const bytes = encode(value);
    recordBytes = bytes.length;
    return bytes;
  };
  return {
    append: (value) => database.put(nextKey(), encoded(value), { sync }),
    appendBatch: (values) =>
      database.batch(
        values.map((value) => ({ type: 'put', key: nextKey(), value: encoded(value) })),
        { sync },
      ),
    recordBytes: () => recordBytes,
    stats: () => undefined,
    close: () => database.close(),
  };
}

/** How many records there are. */
export async function stored(directory) {
  const database = new ClassicLevel(directory);
  let count = 0;
  for await (const _ of database.keys()) count += 1;
  await database.close();
  return count;
}

/** The records in order of their keys. */
export async function readAll(directory) {
  const database = new ClassicLevel(directory, { valueEncoding: 'buffer' });
  const records = [];
  for await (const value of database.values()) records.push(value);
  await database.close();
  return records;
}
