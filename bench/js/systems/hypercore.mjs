// hypercore, with its default options. It hashes and signs every append; its storage is RocksDB, to
// whose write-ahead log it appends without a sync, and it has no option for one.
import Hypercore from 'hypercore';
import { encoder } from './codec.mjs';

export async function open(directory, { binary }) {
  const encode = encoder(binary);
  const core = new Hypercore(directory);
  await core.ready();
  let recordBytes;
  const encoded = (value) => {
    const bytes = encode(value);
    recordBytes = bytes.length;
    return bytes;
  };
  return {
    append: (value) => core.append(encoded(value)),
    appendBatch: (values) => core.append(values.map(encoded)),
    recordBytes: () => recordBytes,
    stats: () => undefined,
    close: () => core.close(),
  };
}

/** How many records there are. */
export async function stored(directory) {
  const core = new Hypercore(directory);
  await core.ready();
  const { length } = core;
  await core.close();
  return length;
}
