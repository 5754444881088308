// Any value of a codec's domain comes back; any bytes are decoded or refused, at a cost that the
// length of the bytes bounds.
import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { TidemarkError } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { BinaryWireCodec } from '#lib/codec/binary';
import type { WireCodec } from '#lib/codec/codec';
import { JsonWireCodec } from '#lib/codec/json';
import { MsgpackWireCodec } from '#lib/codec/msgpack';
import { walkClaims } from '#lib/codec/msgpack-bounds';
import { dictionaryNameBytes, StructuresWireCodec } from '#lib/codec/structures';
import { RecordDecoder } from '#lib/journal/record-decoder';

const numRuns = 1_000;
const seed = Math.floor(Math.random() * 2 ** 31);
const usesDictionary = 0x10;

const text = fc.string({ unit: 'binary', maxLength: 60 });
const key = text.filter((each) => each !== '__proto__');
const noNegativeZero = (value: number) => (Object.is(value, -0) ? 0 : value);
const leaf = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.nat(200)) },
  fc.double().map(noNegativeZero),
  fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 700n), max: 2n ** 700n })),
  fc.constantFrom(undefined, null, true, false),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.float64Array({ maxLength: 8 }),
  fc.int16Array({ maxLength: 8 }),
  fc.constantFrom(/a+b?/gi, /^é/u),
);

const { value: msgpackValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(key, tie('value'), { maxKeys: 12 }),
    fc.record({ id: tie('value'), kind: text, list: fc.array(tie('value'), { maxLength: 4 }) }),
    fc.array(text, { maxLength: 4 }).map((each) => new Set(each)),
  ),
}));

/** A batch of one record as the addon gives it. */
const batchOf = (bytes: Uint8Array, attributes?: number) => ({
  firstSeq: 1,
  segment: 1,
  bytes: Buffer.from(bytes),
  lengths: Uint32Array.of(bytes.length),
  ...(attributes !== undefined && { attributes: Buffer.of(attributes) }),
});

function encoded(codec: WireCodec<unknown>, value: unknown): Buffer {
  const { bytes, start, end } = codec.encode(value);
  return Buffer.from(bytes.subarray(start, end));
}

const decoded = (codec: WireCodec<unknown>, bytes: Buffer) =>
  codec.decode(Buffer.concat([Buffer.of(1, 2, 3), bytes, Buffer.of(0xdd)]), 3, 3 + bytes.length);

describe(`codecs, seed ${seed}`, { timeout: 120_000 }, () => {
  it('msgpack gives back every value of its domain', () => {
    const codec = new MsgpackWireCodec();
    fc.assert(
      fc.property(msgpackValue, (value) => {
        const bytes = encoded(codec, value);
        expect(decoded(codec, bytes)).toEqual(value);
        walkClaims(bytes, 0, bytes.length);
      }),
      { numRuns, seed },
    );
  });

  it('msgpack with structures does, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(msgpackValue, { minLength: 1, maxLength: 6 }), (values) => {
        const codec = new StructuresWireCodec();
        const reader = new StructuresWireCodec();
        for (const value of values) {
          const bytes = encoded(codec, value);
          const name = bytes.toString('hex', 0, dictionaryNameBytes);
          if (!reader.knows(name)) reader.learn(name, codec.dictionary);
          expect(reader.decodeWith(name, bytes, 0, bytes.length)).toEqual(value);
        }
      }),
      { numRuns, seed },
    );
  });

  it('shared structures of every number are walked as they are decoded', () => {
    const codec = new StructuresWireCodec();
    const reader = new StructuresWireCodec();
    // More than there are short ids for.
    const shapes = fc.array(fc.nat(150), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(shapes, fc.uint8Array({ maxLength: 40 }), (numbers, noise) => {
        const value = numbers.map((n) => ({ [`a${n}`]: n, [`b${n}`]: [n, Buffer.from(noise)] }));
        const bytes = encoded(codec, [...value, Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff)]);
        const name = bytes.toString('hex', 0, dictionaryNameBytes);
        if (!reader.knows(name)) reader.learn(name, codec.dictionary);
        const back = reader.decodeWith(name, bytes, 0, bytes.length) as unknown[];
        expect(back.slice(0, -1)).toEqual(value);
      }),
      { numRuns, seed },
    );
  });

  it('json gives back what JSON has', () => {
    const codec = new JsonWireCodec();
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', noUnicodeString: false }), (value) => {
        expect(decoded(codec, encoded(codec, value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns, seed },
    );
  });

  it('binary gives back the bytes, in memory of their own', () => {
    const codec = new BinaryWireCodec() as WireCodec<unknown>;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (value) => {
        const back = decoded(codec, encoded(codec, value)) as Buffer;
        expect(new Uint8Array(back)).toEqual(value);
        expect(back.buffer.byteLength).toBe(value.length);
      }),
      { numRuns, seed },
    );
  });
});

// Bytes that look like MessagePack: claims of long arrays, maps, strings and extensions; bits of real
// values.
const claim = fc.oneof(
  fc
    .constantFrom(0xdc, 0xdd, 0xde, 0xdf, 0xc6, 0xc9, 0xdb)
    .chain((token) =>
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map((rest) => [token, ...rest]),
    ),
  fc.constantFrom(
    [0xdd, 1, 0xff, 0xff, 0xff],
    [0xdc, 0xff, 0xff],
    [0xd4, 0x72, 0x40, 0xdc, 0xff, 0xff],
  ),
  fc.constantFrom(
    [0x9f],
    [0xd4, 0x73, 0],
    [0xd4, 0x72, 0x41, 0x92, 0xa1, 0x61, 0xa1, 0x62],
    [0x41],
  ),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => [...bytes]),
);
const plain = new MsgpackWireCodec();
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.array(claim, { maxLength: 40 }).map((parts) => Uint8Array.from(parts.flat())),
  fc.tuple(msgpackValue, fc.nat(), fc.nat(255), fc.nat(9)).map(([value, at, byte, cut]) => {
    const bytes = encoded(plain, value);
    bytes[at % bytes.length] = byte;
    return new Uint8Array(bytes.subarray(0, bytes.length - (cut % bytes.length)));
  }),
);

/** What decoding allocates beside the length of the bytes: its own buffers, errors, the value. */
const mostBytesPerByte = 1_000;
const mostBytesBeside = 2 << 20;

function decodesOrRefuses(decoder: RecordDecoder, batch: ReturnType<typeof batchOf>): void {
  const before = getHeapStatistics().used_heap_size;
  try {
    decoder.decode(batch, 0, 0, 1);
  } catch (error) {
    expect(error).toBeInstanceOf(TidemarkError);
  }
  // A collection in between can only make it less.
  const grown = getHeapStatistics().used_heap_size - before;
  expect(grown).toBeLessThan(batch.bytes.length * mostBytesPerByte + mostBytesBeside);
}

describe(`any bytes, seed ${seed}`, { timeout: 120_000 }, () => {
  it.each([
    ['msgpack', new MsgpackWireCodec() as WireCodec<unknown>],
    ['json', new JsonWireCodec() as WireCodec<unknown>],
    ['binary', new BinaryWireCodec() as WireCodec<unknown>],
  ])('%s decodes them or refuses them', (_name, codec) => {
    const decoder = new RecordDecoder(codec, undefined, 0);
    fc.assert(
      fc.property(hostile, (bytes) => decodesOrRefuses(decoder, batchOf(bytes))),
      { numRuns: 2 * numRuns, seed },
    );
  });

  it('msgpack with structures decodes them or refuses them', () => {
    const codec = new StructuresWireCodec();
    const first = encoded(codec, [{ a: 1, b: 2 }, { c: 3 }]);
    codec.learn(first.toString('hex', 0, dictionaryNameBytes), codec.dictionary);
    const decoder = new RecordDecoder(codec as WireCodec<unknown>, undefined, 0);
    const name = first.subarray(0, dictionaryNameBytes);
    fc.assert(
      fc.property(hostile, (bytes) =>
        decodesOrRefuses(decoder, batchOf(Buffer.concat([name, bytes]), usesDictionary)),
      ),
      { numRuns: 2 * numRuns, seed },
    );
  });

  it('a few bytes that claim an array of millions cost nothing', () => {
    const codec = new MsgpackWireCodec();
    const decoder = new RecordDecoder(codec, undefined, 0);
    for (const bytes of [
      [0xdd, 1, 0xff, 0xff, 0xff],
      Array.from({ length: 200 }, () => [0xdc, 0xff, 0xff]).flat(),
      Array.from({ length: 20 }, () => [0x93, 0xdd, 1, 0xff, 0xff, 0xff]).flat(),
    ]) {
      const batch = batchOf(Uint8Array.from(bytes));
      expect(() => decoder.decode(batch, 0, 0, 1)).toThrow(/more than bytes follow/);
      decodesOrRefuses(decoder, batch);
    }
  });
});
