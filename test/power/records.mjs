// The bytes of record `seq`, from a seed: whoever knows both can tell whether a record is the one that
// was appended, in this run or in one before a cut (its generation), and which batch it belongs to.
import { seeded } from '../campaign/support.mjs';

const NOISE_BYTES = 1 << 18;
const HEADER_BYTES = 26; // seed, generation, seq, first and last seq of the batch
const SEQ_AT = 8;
const SEQ_BYTES = 6;
const LEAST_BODY_BYTES = 16;
// 2^32 over the golden ratio: spreads neighbours (Knuth, The Art of Computer Programming, 6.4).
const SPREAD = 0x9e3779b1;

const mix = (...numbers) =>
  numbers.reduce((mixed, number) => {
    const word = number ^ (number / 2 ** 32);
    return Math.imul(mixed ^ word, SPREAD) ^ (mixed >>> 15);
  }, 0) >>> 0;

export class Records {
  #seed;
  #largest;
  #noise = Buffer.alloc(NOISE_BYTES);

  /** `largest`: the most bytes that a record has. */
  constructor(seed, largest) {
    this.#seed = seed >>> 0;
    this.#largest = largest;
    const random = seeded(seed);
    for (let at = 0; at < NOISE_BYTES; at += 4) {
      this.#noise.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
    }
  }

  bytes(generation, seq, first = seq, last = seq) {
    const mixed = mix(generation, seq, first, last);
    const mostBody = this.#largest - HEADER_BYTES;
    const body = LEAST_BODY_BYTES + (mixed % (mostBody - LEAST_BODY_BYTES + 1));
    const offset = mix(mixed) % (NOISE_BYTES - mostBody);
    const record = Buffer.allocUnsafe(HEADER_BYTES + body);
    let at = record.writeUInt32LE(this.#seed, 0);
    at = record.writeUInt32LE(generation, at);
    for (const number of [seq, first, last]) at = record.writeUIntLE(number, at, SEQ_BYTES);
    this.#noise.copy(record, at, offset, offset + body);
    return record;
  }

  /** The seq that a record says it has. */
  seqOf(bytes) {
    return bytes.length < HEADER_BYTES ? 0 : bytes.readUIntLE(SEQ_AT, SEQ_BYTES);
  }

  /** What a record says of itself; what is wrong with it when it is not the record `seq`. */
  judge(seq, bytes) {
    if (bytes.length < HEADER_BYTES) return { problem: `seq ${seq} has ${bytes.length} bytes` };
    const generation = bytes.readUInt32LE(4);
    const [said, first, last] = [0, 1, 2].map((n) =>
      bytes.readUIntLE(SEQ_AT + n * SEQ_BYTES, SEQ_BYTES),
    );
    if (Buffer.compare(this.bytes(generation, seq, first, last), bytes) === 0) {
      return { generation, first, last };
    }
    return {
      problem: `the bytes at seq ${seq} are not that record's: they say seq ${said}, batch ${first} to ${last}, generation ${generation}`,
    };
  }
}
