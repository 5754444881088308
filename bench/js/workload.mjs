// The workload that every system gets: what one record is.

/** Size of the object of `record()` as a plain MessagePack map; the runner checks it. */
export const OBJECT_BYTES = 108;
export const SMALL_BINARY_BYTES = 100;

const FIRST_ID = 1_000_000_000; // five bytes as MessagePack, whatever is added to it here
const FIRST_TIME = 1_760_000_000_000; // nine bytes
const kinds = ['created', 'changed', 'removed'];

/** An object of six fields; a new one each time, as a program makes them. */
export function record(n) {
  return {
    id: FIRST_ID + n,
    at: FIRST_TIME + n,
    kind: kinds[n % kinds.length],
    user: 'user-4711@example.org',
    amount: 1234.5,
    note: 'a remark of 25 characters',
  };
}

const template = Buffer.alloc(SMALL_BINARY_BYTES, 0x61);

/** 100 bytes of its own, its number in front; from Node's pool, as the bytes of a program mostly are. */
function smallBinary(n) {
  const bytes = Buffer.allocUnsafe(SMALL_BINARY_BYTES);
  bytes.set(template);
  bytes.writeUInt32LE(n, 0);
  return bytes;
}

/**
 * Large records come from buffers that are used again, as those of a program that receives them:
 * memory that the kernel has to clear first would be most of the work.
 */
function largeBinaries(length, buffers) {
  const ring = Array.from({ length: buffers }, () => Buffer.alloc(length, 0x61));
  return (n) => {
    const bytes = ring[n % buffers];
    bytes.writeUInt32LE(n, 0);
    return bytes;
  };
}

/** What makes the n-th record of a case, n from 1, and how many bytes it has when it is encoded. */
export function recordsOf({ binary = false, bytes = SMALL_BINARY_BYTES, callers }) {
  if (!binary) return { make: record, bytes: OBJECT_BYTES };
  if (bytes === SMALL_BINARY_BYTES) return { make: smallBinary, bytes };
  return { make: largeBinaries(bytes, 2 * callers), bytes };
}
