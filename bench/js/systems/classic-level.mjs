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
  const append = (value) => {
    const bytes = encode(value);
    recordBytes = bytes.length;
    key += 1;
    return database.put(String(key).padStart(KEY_DIGITS, '0'), bytes, { sync });
  };
  return {
    append,
    appendBatch: (values) => Promise.all(values.map(append)),
    recordBytes: () => recordBytes,
    stats: () => undefined,
    close: () => database.close(),
  };
}

/** The records in order of their keys. */
export async function readAll(directory) {
  const database = new ClassicLevel(directory, { valueEncoding: 'buffer' });
  const records = [];
  for await (const value of database.values()) records.push(value);
  await database.close();
  return records;
}
