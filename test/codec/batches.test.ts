// Records of a batch decoded at once are what they are one by one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BinaryWireCodec } from '#lib/codec/binary';
import type { WireCodec } from '#lib/codec/codec';
import { JsonWireCodec } from '#lib/codec/json';
import { MsgpackWireCodec } from '#lib/codec/msgpack';
import { RecordDecoder } from '#lib/journal/record-decoder';

const seed = Math.floor(Math.random() * 2 ** 31);

function batchOf(records: readonly Uint8Array[]) {
  return {
    firstSeq: 7,
    segment: 3,
    bytes: Buffer.concat(records),
    lengths: Uint32Array.from(records, ({ length }) => length),
  };
}

/** What decoding gives, or the error that names the first record that cannot be decoded. */
function outcome(decode: () => unknown) {
  try {
    return { values: decode() };
  } catch (error) {
    const { code, seq, segment, message } = error as Record<string, unknown>;
    return { code, seq, segment, message };
  }
}

function oneByOne(decoder: RecordDecoder, batch: ReturnType<typeof batchOf>): unknown[] {
  let start = 0;
  return Array.from(batch.lengths, (length, index) => {
    start += length;
    return decoder.decode(batch, index, start - length, batch.firstSeq + index);
  });
}

// Bytes that look like headers of long arrays stand in strings, numbers and records that are none.
const claims = [
  [0xdc, 0xff, 0xff],
  [0xdd, 0, 0, 0, 1, 5],
  [0xdd, 1, 0, 0, 0],
];
// Structures of one record, whose ids are numbers in every other one; values that end too early or late.
const strange = [
  [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 5],
  [0xd5, 0x72, 0x41, 0x00, 0x91, 0xa1, 0x62, 6],
  [0x40],
  [0x41],
  [0x92, 1],
  [1, 2],
  [0xa5, 0x61],
  [],
];
const record = (codec: WireCodec<unknown>) =>
  fc
    .oneof(
      { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom('\u{1f71d}', 0xdddd_dddd, [0xdc, 0xdd]) },
    )
    .map((value) => {
      const { bytes, start, end } = codec.encode(value);
      return Uint8Array.from(bytes.subarray(start, end));
    });

describe(`a batch, seed ${seed}`, () => {
  it.each([
    ['msgpack', new MsgpackWireCodec() as WireCodec<unknown>],
    ['json', new JsonWireCodec() as WireCodec<unknown>],
  ])('of %s gives the values and the errors of its records', (_name, codec) => {
    const decoder = new RecordDecoder(codec, undefined, 0);
    const any = fc.oneof(
      { weight: 20, arbitrary: record(codec) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(...claims, ...strange).map((bytes) => Uint8Array.from(bytes)),
      },
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (records) => {
        const batch = batchOf(records);
        expect(outcome(() => decoder.decodeAll(batch))).toEqual(
          outcome(() => oneByOne(decoder, batch)),
        );
      }),
      { numRuns: 1000, seed },
    );
  });

  it('that holds a structure of one record gives the numbers of the others', () => {
    const decoder = new RecordDecoder(new MsgpackWireCodec(), undefined, 0);
    // Without a field, so that the number behind it ends where it should, whatever it is taken for.
    for (const definition of [
      [0xd4, 0x72, 0x40, 0x90],
      [0xd5, 0x72, 0x40, 0x00, 0x90],
    ]) {
      const batch = batchOf([definition, [0x40], [0x92, 1, 0x40]].map((b) => Uint8Array.from(b)));
      expect(decoder.decodeAll(batch)).toEqual([{}, 0x40, [1, 0x40]]);
    }
  });

  it('of binary records gives the same bytes, of any length', () => {
    const decoder = new RecordDecoder(new BinaryWireCodec() as WireCodec<unknown>, undefined, 0);
    const lengths = fc.array(fc.oneof(fc.nat(300), fc.nat(20_000)), { maxLength: 30 });
    fc.assert(
      fc.property(lengths, (each) => {
        const batch = batchOf(each.map((length, n) => new Uint8Array(length).fill(n + 1)));
        const values = decoder.decodeAll(batch) as Buffer[];
        const wanted = oneByOne(decoder, batch) as Buffer[];
        expect(values.length).toBe(wanted.length);
        expect(values.every((value, n) => value.equals(wanted[n] as Buffer))).toBe(true);
      }),
      { numRuns: 300, seed },
    );
  });
});

describe('binary records of a batch', () => {
  const codec = new BinaryWireCodec();
  const decodeAll = (count: number, length: number) => {
    const batch = batchOf(Array.from({ length: count }, (_, n) => new Uint8Array(length).fill(n)));
    return { batch, values: codec.decodeAll(batch.bytes, batch.lengths) };
  };

  it('belong to the caller: what is written into one changes no other, and not the batch', () => {
    const { batch, values } = decodeAll(200, 100);
    const before = Buffer.from(batch.bytes);
    values[100]?.fill(0xff);
    expect(batch.bytes.equals(before)).toBe(true);
    values.forEach((value, n) => {
      expect(Buffer.isBuffer(value)).toBe(true);
      expect(Buffer.alloc(100, n === 100 ? 0xff : n).equals(value)).toBe(true);
    });
  });

  it('keep 16 KiB at most alive, or what is their own', () => {
    for (const length of [1, 100, 5000, 16_384, 16_385, 300_000]) {
      for (const value of decodeAll(20, length).values) {
        expect(value.buffer.byteLength).toBeLessThanOrEqual(Math.max(16 * 1024, length));
      }
    }
  });

  it('do not go with one of them that is transferred', () => {
    const { values } = decodeAll(10, 100);
    const [first] = values as [Uint8Array];
    try {
      structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
    } catch (error) {
      expect((error as Error).name).toBe('DataCloneError');
    }
    expect(values.map(({ length }) => length)).toEqual(Array(10).fill(100));
  });
});
