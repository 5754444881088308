// write-file-atomic: one file, rewritten as a whole for each record, so that it has the last one. The
// package syncs the new file before it renames it; writes to the same file wait for each other.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { encoder } from './codec.mjs';

/** Only the last record is there. */
export const keepsLast = true;

export async function open(directory, { binary }) {
  const encode = encoder(binary);
  const path = join(directory, 'last');
  let recordBytes;
  const append = (value) => {
    const bytes = encode(value);
    recordBytes = bytes.length;
    return writeFileAtomic(path, bytes);
  };
  return {
    append,
    appendBatch: (values) => Promise.all(values.map(append)),
    recordBytes: () => recordBytes,
    stats: () => undefined,
    close: async () => {},
  };
}

/** The last record, if there is one. */
export async function readAll(directory) {
  const path = join(directory, 'last');
  return existsSync(path) ? [readFileSync(path)] : [];
}
