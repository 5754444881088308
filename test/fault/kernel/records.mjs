// The records of these tests: each has an id and says it, and its bytes follow from the id alone, so
// that whoever finds a record knows which one it must be and every byte of it.
import { integer, seeded } from '../../campaign/support.mjs';

/** Small enough that the workload rotates. */
export const segmentBytes = 65_536;
/** The ids of session n are n * idsOfSession + 1, + 2, … */
export const idsOfSession = 100_000;

const SHORTEST = 17;
const SHORT = 200;
const LONGEST = 9000;
const LONG_OF = 3; // two in so many are long: more than a block, some of them more than two

/** The record with this id: the id in the first four bytes, the rest drawn from it. */
export function recordOf(id) {
  const random = seeded(Math.imul(id, 0x9e3779b1));
  const long = integer(random, 1, LONG_OF) > 1;
  const bytes = Buffer.alloc(integer(random, SHORTEST, long ? LONGEST : SHORT));
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  }
  bytes.writeUInt32LE(id, 0);
  return bytes;
}

export const idOf = (bytes) => (bytes.length >= SHORTEST ? Buffer.from(bytes).readUInt32LE(0) : 0);

/** Whether these are exactly the bytes of the record with the id that they say. */
export const isWhole = (bytes) => recordOf(idOf(bytes)).equals(bytes);
