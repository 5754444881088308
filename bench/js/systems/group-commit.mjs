// What a careful programmer writes by hand: one file that grows, records framed by their length into
// one of two slabs, natural batching (while one commit is with the disk the next one fills), one
// fs.writev and one fs.fdatasync per commit. No checksum, no rotation, no limit: less work than a
// log has to do. `sync: false` leaves out the fdatasync.
import {
  closeSync,
  fdatasync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writev,
} from 'node:fs';
import { join } from 'node:path';
import { encoder } from './codec.mjs';

const FIRST_SLAB_BYTES = 1 << 20;
const HEADER_BYTES = 8; // bytes of the body, records
const LENGTH_BYTES = 4;

class Slab {
  header = Buffer.alloc(HEADER_BYTES);
  bytes = Buffer.allocUnsafe(FIRST_SLAB_BYTES);
  used = 0;
  records = 0;
  waiting = [];

  add(value) {
    const end = this.used + LENGTH_BYTES + value.length;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.used));
      this.bytes = larger;
    }
    this.bytes.writeUInt32LE(value.length, this.used);
    this.bytes.set(value, this.used + LENGTH_BYTES);
    this.used = end;
    this.records += 1;
  }

  vectors() {
    this.header.writeUInt32LE(this.used, 0);
    this.header.writeUInt32LE(this.records, 4);
    return [this.header, this.bytes.subarray(0, this.used)];
  }

  settle(error) {
    const { waiting } = this;
    this.waiting = [];
    this.used = 0;
    this.records = 0;
    for (const { resolve, reject } of waiting) error ? reject(error) : resolve();
  }
}

export async function open(directory, { binary, sync = true }) {
  const encode = encoder(binary);
  const file = openSync(join(directory, 'log'), 'w', 0o600);
  const parent = openSync(directory, 'r');
  fsyncSync(parent);
  closeSync(parent);

  let filling = new Slab();
  let resting = new Slab();
  let busy = false;
  let scheduled = false;
  let recordBytes;
  const counts = { records: 0, commits: 0, syncs: 0, bytesWritten: 0 };

  const commit = () => {
    scheduled = false;
    if (busy || filling.waiting.length === 0) return;
    busy = true;
    const slab = filling;
    filling = resting;
    const settle = (error) => {
      resting = slab;
      busy = false;
      // The callers continue first, so that what they append now is in the next commit.
      slab.settle(error);
      schedule();
    };
    const vectors = slab.vectors();
    const total = HEADER_BYTES + slab.used;
    counts.records += slab.records;
    counts.commits += 1;
    counts.bytesWritten += total;
    if (sync) counts.syncs += 1;
    writev(file, vectors, (error, written) => {
      if (error) settle(error);
      else if (written !== total) settle(new Error(`short write: ${written} of ${total}`));
      else if (sync) fdatasync(file, settle);
      else settle(null);
    });
  };
  // At the end of the turn: all that was appended in it is one commit.
  const schedule = () => {
    if (scheduled || busy) return;
    scheduled = true;
    setImmediate(commit);
  };
  const add = (value) => {
    const bytes = encode(value);
    recordBytes = bytes.length;
    filling.add(bytes);
  };
  const committed = () =>
    new Promise((resolve, reject) => {
      filling.waiting.push({ resolve, reject });
      schedule();
    });
  return {
    append: (value) => {
      add(value);
      return committed();
    },
    appendBatch: (values) => {
      for (const value of values) add(value);
      return committed();
    },
    recordBytes: () => recordBytes,
    stats: () => counts,
    close: async () => closeSync(file),
  };
}

/** How many records there are, by the headers of the commits that are there as a whole. */
export function stored(directory) {
  const path = join(directory, 'log');
  const { size } = statSync(path);
  const file = openSync(path, 'r');
  const header = Buffer.alloc(HEADER_BYTES);
  let records = 0;
  for (let at = 0; at < size; ) {
    readSync(file, header, 0, HEADER_BYTES, at);
    at += HEADER_BYTES + header.readUInt32LE(0);
    if (at <= size) records += header.readUInt32LE(4);
  }
  closeSync(file);
  return records;
}

/** The records in order, up to the first commit that is not there as a whole. */
export async function readAll(directory) {
  const bytes = readFileSync(join(directory, 'log'));
  const records = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
    const count = bytes.readUInt32LE(at + 4);
    if (count === 0 || end > bytes.length) break;
    at += HEADER_BYTES;
    while (at + LENGTH_BYTES <= end) {
      const start = at + LENGTH_BYTES;
      at = start + bytes.readUInt32LE(at);
      if (at > end) return records;
      records.push(bytes.subarray(start, at));
    }
  }
  return records;
}
