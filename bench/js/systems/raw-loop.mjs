// No log: what the disk itself needs for large records. The same work as a journal's, and no more:
// what came while a write was with the disk is copied into aligned memory and is the next write, with
// O_DIRECT and O_DSYNC; files of 1 MiB, four times as much, up to 64 MiB, each zero-filled and synced
// while the one before it is written. No checksum, no framing. Where the file system knows no O_DIRECT
// the writes go through the page cache, each with its sync.
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';

const FIRST_FILE_BYTES = 1 << 20;
const LARGEST_FILE_BYTES = 64 << 20;
const GROWTH = 4;
const FILL_BYTES = 1 << 20;
const SLAB_BYTES = 8 << 20;
const PAGE_BYTES = 4096;
const MEMORY_STEP = 16; // what malloc aligns to
const { O_CREAT = 0, O_DIRECT = 0, O_DSYNC = 0, O_RDWR, O_SYNC = 0 } = constants;

const nameOf = (number) => `raw-${String(number).padStart(6, '0')}`;

/** Memory that this file takes direct writes from. JavaScript cannot see addresses: it is tried. */
async function alignedMemory(file, bytes) {
  const memory = Buffer.from(new ArrayBuffer(bytes + PAGE_BYTES));
  for (let tried = 0; tried < PAGE_BYTES; tried += MEMORY_STEP) {
    // Large memory from malloc begins 16 bytes behind a page: the likely place comes first.
    const from = (2 * PAGE_BYTES - MEMORY_STEP - tried) % PAGE_BYTES;
    const aligned = memory.subarray(from, from + bytes);
    try {
      await file.write(aligned, 0, PAGE_BYTES, 0);
      return aligned;
    } catch (error) {
      if (error.code !== 'EINVAL') throw error;
    }
  }
  throw new Error('no place in memory is good for direct writes');
}

/** Past the page cache, where the file system knows that. */
async function openDirect(path, flags) {
  try {
    return await openFile(path, flags | O_DIRECT, 0o600);
  } catch (error) {
    if (error.code !== 'EINVAL') throw error;
    return await openFile(path, flags, 0o600);
  }
}

async function writeAll(file, bytes, position) {
  const { bytesWritten } = await file.write(bytes, 0, bytes.length, position);
  if (bytesWritten !== bytes.length) {
    throw new Error(`short write: ${bytesWritten} of ${bytes.length}`);
  }
}

/** A file of zeros that stays as long as the power, with its name. */
async function zeroFilled(directory, number, capacity) {
  const path = join(directory, nameOf(number));
  const filled = await openDirect(path, O_RDWR | O_CREAT);
  const zeros = await alignedMemory(filled, FILL_BYTES);
  for (let at = 0; at < capacity; at += FILL_BYTES) await writeAll(filled, zeros, at);
  await filled.datasync();
  await filled.close();
  const file = await openDirect(path, O_RDWR | (O_DSYNC || O_SYNC));
  const parent = openSync(directory, 'r');
  fsyncSync(parent);
  closeSync(parent);
  return { file, capacity, used: 0, number };
}

export async function open(directory) {
  let current = await zeroFilled(directory, 1, FIRST_FILE_BYTES);
  const orderNext = () =>
    zeroFilled(
      directory,
      current.number + 1,
      Math.min(LARGEST_FILE_BYTES, current.capacity * GROWTH),
    );
  let next = orderNext();
  let filling = { bytes: await alignedMemory(current.file, SLAB_BYTES), used: 0, waiting: [] };
  let resting = { bytes: await alignedMemory(current.file, SLAB_BYTES), used: 0, waiting: [] };
  let busy = false;
  let recordBytes;

  const write = async ({ bytes, used }) => {
    if (current.used + used > current.capacity && current.used > 0) {
      await current.file.close();
      current = await next;
      next = orderNext();
    }
    await writeAll(current.file, bytes.subarray(0, used), current.used);
    current.used += used;
  };
  const commit = async () => {
    busy = true;
    while (filling.waiting.length > 0) {
      const slab = filling;
      filling = resting;
      let failure;
      await write(slab).catch((error) => {
        failure = error;
      });
      const { waiting } = slab;
      slab.waiting = [];
      slab.used = 0;
      resting = slab;
      for (const { resolve, reject } of waiting) failure ? reject(failure) : resolve();
      // The callers continue first, so that what they append now is in the next write.
      await new Promise(setImmediate);
    }
    busy = false;
  };
  const append = (bytes) => {
    recordBytes = bytes.length;
    return new Promise((resolve, reject) => {
      if (filling.used + bytes.length > SLAB_BYTES) throw new Error('more in flight than fits');
      filling.bytes.set(bytes, filling.used);
      filling.used += bytes.length;
      filling.waiting.push({ resolve, reject });
      if (!busy) setImmediate(() => busy || commit());
    });
  };
  return {
    append,
    appendBatch: (values) => Promise.all(values.map(append)),
    recordBytes: () => recordBytes,
    stats: () => undefined,
    close: async () => {
      await current.file.close();
      const spare = await next;
      await spare.file.close();
    },
  };
}

/** How many records of so many bytes there are: each begins with its number, which is not 0. */
export function stored(directory, recordBytes) {
  const number = Buffer.alloc(4);
  let records = 0;
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const file = openSync(path, 'r');
    for (let at = 0; at < statSync(path).size; at += recordBytes) {
      readSync(file, number, 0, number.length, at);
      if (number.readUInt32LE(0) !== 0) records += 1;
    }
    closeSync(file);
  }
  return records;
}
